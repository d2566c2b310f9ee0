/* Syncing cores on systems that cannot reach the other threads of a process: does nothing.

   A thread that receives the address of changed code while it runs should execute isb (aarch64) or
   cpuid (x86) before it calls that code; a lock or a system call in between usually has the same
   effect.  */
#include "os/os.h"

void mir_os_sync_cores (void) {}
