/* Counts the system calls of a child with ptrace(2).  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* syscall */
#endif
#include "trace.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

/* No process has so many descriptors, so closing MARK and the next ones does nothing.  */
enum { MARK = 0x6d4b0000, POPULATE_WRITE = 23 /* MADV_POPULATE_WRITE, linux/mman.h since 5.14 */ };

/* The needed part of struct ptrace_syscall_info in linux/ptrace.h, which cannot be included
   together with glibc's <sys/ptrace.h>.  */
struct syscall_info {
  uint8_t op, pad[3];
  uint32_t arch;
  uint64_t instruction_pointer, stack_pointer;
  uint64_t nr, args[6], more[2];
};

enum { GET_SYSCALL_INFO = 0x420e, OP_ENTRY = 1 };

void trace_mark (int phase) {
  (void) syscall (SYS_close, MARK + phase);
}

static void become_worker (char *const *args) {
  if (ptrace (PTRACE_TRACEME, 0, NULL, NULL) == 0 && raise (SIGSTOP) == 0)
    execv ("/proc/self/exe", args);
  _exit (1);
}

/* Count the system call at which CHILD has stopped.  Returns 1 if tracing should end.  */
static int count_stop (pid_t child, int *phase, struct trace_counts *counts) {
  struct syscall_info info;
  if (ptrace ((enum __ptrace_request) GET_SYSCALL_INFO, child, (void *) sizeof (info), &info) < 0)
    bench_fail ("PTRACE_GET_SYSCALL_INFO");
  if (info.op != OP_ENTRY) return 0;
  if (info.nr == SYS_close && info.args[0] >= MARK && info.args[0] <= MARK + TRACE_NO_MORE) {
    *phase = (int) (info.args[0] - MARK);
    return *phase == TRACE_NO_MORE;
  }
  counts->calls[*phase]++;
  if (*phase == TRACE_PUBLISH && info.nr == SYS_madvise && (info.args[2] & 0xff) == POPULATE_WRITE)
    counts->populates++;
  return 0;
}

void trace_self (char *const *args, struct trace_counts *counts) {
  int status, phase = TRACE_END, done = 0, signal = 0;
  pid_t child = fork ();
  memset (counts, 0, sizeof (*counts));
  if (child == 0) become_worker (args);
  if (child < 0 || waitpid (child, &status, 0) != child || !WIFSTOPPED (status))
    bench_fail ("no traced process");
  if (ptrace (PTRACE_SETOPTIONS, child, NULL, (void *) (PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL))
      != 0)
    bench_fail ("PTRACE_SETOPTIONS");
  for (;;) {
    if (ptrace (done ? PTRACE_CONT : PTRACE_SYSCALL, child, NULL, (void *) (intptr_t) signal) != 0)
      bench_fail ("the traced process is gone");
    if (waitpid (child, &status, 0) != child) bench_fail (strerror (errno));
    if (!WIFSTOPPED (status)) break;
    signal = 0;
    if (WSTOPSIG (status) == (SIGTRAP | 0x80))
      done = count_stop (child, &phase, counts);
    else if (WSTOPSIG (status) != SIGTRAP) /* SIGTRAP: after execv */
      signal = WSTOPSIG (status);
  }
  if (!WIFEXITED (status) || WEXITSTATUS (status) != 0) bench_fail ("a worker failed");
}
