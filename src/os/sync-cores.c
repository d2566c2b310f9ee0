/* Syncs cores by membarrier(2), since Linux 4.16.

   A process must register first, and a forked child inherits that.  So the code registers whenever
   the kernel answers EPERM, and remembers nothing.

   Where a sandbox refuses membarrier, or the kernel does not have this one for the CPU, the other
   threads cannot be reached (loongarch64 and mips as of Linux 6.8:
   Documentation/features/sched/membarrier-sync-core).  Then a thread that receives the address of
   changed code while it runs should execute isb (aarch64, arm), isync (ppc64), bcr 15,0 (s390x),
   cpuid (x86), ibar 0 (loongarch64) or jalr.hb (mips) before it calls that code, or to call it.  */
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
