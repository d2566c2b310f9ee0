/* Syncing for new code on CPUs that may prefetch from any executable address, or may for all we
   know.  */
#include "os/os.h"

void mir_os_sync_cores_for_new (void) {
  mir_os_sync_cores ();
}
