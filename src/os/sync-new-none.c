/* x86: what was never executed was never predicted as a target of a branch, so it is not prefetched
   (and see icache-x86.c).  */
#include "os/os.h"

void mir_os_sync_cores_for_new (void) {}
