/* Syncs cores by membarrier(2), since Linux 4.16.

   A process must register first, and a forked child inherits that.  So the code registers whenever
   the kernel answers EPERM, and remembers nothing.

   Where the kernel or a sandbox refuses membarrier, the other threads cannot be reached.  Then a
   thread that receives the address of changed code while it runs should execute isb (aarch64),
   isync (ppc64), bcr 15,0 (s390x) or cpuid (x86) before it calls that code.  */
#define _GNU_SOURCE /* syscall */
#include "os/os.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/kernel-linux.h"

static long membarrier (int command) {
  return syscall (SYS_membarrier, command, 0, 0);
}

void mir_os_sync_cores (void) {
  if (membarrier (MIR_MEMBARRIER_SYNC_CORE) == 0 || errno != EPERM) return;
  if (membarrier (MIR_MEMBARRIER_REGISTER_SYNC_CORE) == 0)
    (void) membarrier (MIR_MEMBARRIER_SYNC_CORE);
}
