/* fence.i is for the hart that executes it alone, and the system may move a thread to another one:
   the kernel does it on every hart that runs the process, at once or before it runs it again (The
   RISC-V Instruction Set Manual, Volume I, Zifencei; arch/riscv/mm/cacheflush.c).  A system call of
   our own, because not every compiler's __builtin___clear_cache makes it: libgcc's __clear_cache,
   which older clangs call, does nothing.  */
#define _DEFAULT_SOURCE /* syscall */
#include "os.h"

#include <sys/syscall.h>
#include <unistd.h>

enum { ALL_THREADS = 0 }; /* flags */

void mir_os_flush_icache (void *start, void *bound) {
  /* It fails for unknown flags only.  */
  (void) syscall (SYS_riscv_flush_icache, start, bound, (unsigned long) ALL_THREADS);
}
