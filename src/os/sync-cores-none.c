/* Systems without a way to reach the other threads of a process.  One that is given the address of
   changed code while it runs should execute isb (aarch64) or cpuid (x86) before it calls it; a lock
   or a system call on the way usually has the same effect.  */
#include "os/os.h"

void mir_os_sync_cores (void) {}
