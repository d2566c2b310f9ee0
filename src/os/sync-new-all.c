/* CPUs which may have prefetched from any executable address, or of which this is not known.  */
#include "os/os.h"

void mir_os_sync_cores_for_new (void) {
  mir_os_sync_cores ();
}
