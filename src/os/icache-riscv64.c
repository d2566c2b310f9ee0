/* fence.i is for the hart that executes it alone, and the system may move a thread to another one:
   the kernel does it on every hart that runs the process, at once or before it runs it again (The
   RISC-V Instruction Set Manual, Volume I, Zifencei; arch/riscv/mm/cacheflush.c).  A system call of
   our own, because not every compiler's __builtin___clear_cache makes it: libgcc's __clear_cache,
   which older clangs call, does nothing.  */
#define _GNU_SOURCE /* syscall */
#include "os/os.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "os/translations.h"

/* Flags.  LOCAL: this thread, wherever it runs; other harts before they next run the process.  */
enum { ALL_THREADS = 0, LOCAL = 1 };

/* It fails for unknown flags only, and takes any range for all there is.  */
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
