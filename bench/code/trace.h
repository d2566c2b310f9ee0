/* Counts the system calls of a child process between marks that the child makes.  */
#ifndef MIR_BENCH_CODE_TRACE_H
#define MIR_BENCH_CODE_TRACE_H

#include <stddef.h> /* size_t */

enum { TRACE_END, TRACE_PUBLISH, TRACE_PATCH, TRACE_PHASES, TRACE_NO_MORE = TRACE_PHASES };

struct trace_counts {
  size_t calls[TRACE_PHASES]; /* that began in each phase, without the marks */
  size_t populates;           /* of those in TRACE_PUBLISH: madvise with MADV_POPULATE_WRITE */
};

/* Begin PHASE, in the traced process; in any other, this is a system call that fails.  After
   TRACE_NO_MORE the process runs untraced.  */
void trace_mark (int phase);
/* Start this program again with ARGS, count, and wait until it exits with status 0.  */
void trace_self (char *const *args, struct trace_counts *counts);

#endif /* MIR_BENCH_CODE_TRACE_H */
