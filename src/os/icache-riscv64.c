/* How new code becomes visible on riscv64 and riscv32, also to the other cores.

   fence.i affects only the hart that executes it, and the system may move a thread to another hart.
   So the kernel executes it on every hart that runs the process, at once or before the hart next
   runs it (The RISC-V Instruction Set Manual, Volume I, Zifencei; arch/riscv/mm/cacheflush.c).  The
   system call is made here, because not every compiler's __builtin___clear_cache makes it: libgcc's
   __clear_cache, which older clangs call, does nothing.  */
#define _GNU_SOURCE /* syscall */
#include "os/os.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "os/translations.h"

/* Flags.  LOCAL: at once for this thread on any hart; other harts before they next run the
   process.  */
enum { ALL_THREADS = 0, LOCAL = 1 };

/* The call fails only for unknown flags, and treats any range as the whole address space.  */
static void flush_icache (unsigned long flags) {
  (void) syscall (SYS_riscv_flush_icache, NULL, NULL, flags);
}

void mir_os_clean_icache (void *start, void *bound) {
  flush_icache (LOCAL);
  mir_os_discard_translations (start, bound);
}

void mir_os_sync_cores (void) {
  flush_icache (ALL_THREADS);
}
