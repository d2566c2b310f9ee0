/* Counting the system calls of a process from outside, between marks that it makes itself.  */
#ifndef BENCH_CODE_TRACE_H
#define BENCH_CODE_TRACE_H

#include <stddef.h> /* size_t */

enum { TRACE_END, TRACE_PUBLISH, TRACE_PATCH, TRACE_PHASES, TRACE_NO_MORE = TRACE_PHASES };

struct trace_counts {
  size_t calls[TRACE_PHASES]; /* begun in each phase, without the marks */
  size_t populates;           /* of those while publishing: madvise with MADV_POPULATE_WRITE */
};

/* In the traced process: PHASE begins.  Outside of it: a system call that fails.  After
   TRACE_NO_MORE it runs untraced.  */
void trace_mark (int phase);
/* Start this program again with ARGS, count, and wait for its end, which must be a good one.  */
void trace_self (char *const *args, struct trace_counts *counts);

#endif /* BENCH_CODE_TRACE_H */
