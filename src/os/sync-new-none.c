/* Syncing for new code on x86: nothing to do.  Code that was never executed was never predicted as
   a branch target, so it was never prefetched (see also icache-x86-posix.c).  */
#include "os/os.h"

void mir_os_sync_cores_for_new (void) {}
