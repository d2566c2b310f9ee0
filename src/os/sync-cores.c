/* By membarrier(2), Linux 4.16.  A process registers first; children of fork inherit that, so it is
   tried again whenever the kernel says EPERM and nothing needs to be remembered.

   Where the kernel or a sandbox has no membarrier, no other way is left to reach the threads: one
   that is given the address of changed code while it runs should then execute isb (aarch64), isync
   (ppc64), bcr 15,0 (s390x) or cpuid (x86) before it calls it.  */
#define _GNU_SOURCE /* syscall */
#include "os/os.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

static long membarrier (int command) {
  return syscall (SYS_membarrier, command, 0, 0);
}

void mir_os_sync_cores (void) {
  if (membarrier (MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE) == 0 || errno != EPERM) return;
  if (membarrier (MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE) == 0)
    (void) membarrier (MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE);
}
