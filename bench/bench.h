/* Comparing ways to do one job: all of them interleaved in one run, medians, ratios within a round.

   A benchmark is a program with one bench_compare per subject.  CPU time, nanoseconds per
   operation. The first argument of the program, if any, is a file to which CSV lines are appended.
   One thread at a time uses this interface.  */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stddef.h> /* size_t */

#ifdef __cplusplus
extern "C" {
#endif

enum { BENCH_ROUNDS = 21, BENCH_MAX_SIDES = 16 };

struct bench_side {
  const char *name;
  void (*run) (void);     /* does the job; the clock runs only here */
  void (*prepare) (void); /* before each run; NULL: nothing to prepare */
  void (*finish) (void);  /* after each run; NULL: nothing to clean up */
  size_t ops;             /* how often the job is done in one run; 0: as the subject says */
  void *arg;              /* the side's own, see bench_running */
};

struct bench_subject {
  const char *name;
  size_t ops;
  int rounds;      /* at most and, by 0, BENCH_ROUNDS */
  int all_threads; /* CPU time of the whole process; 0: of this thread */
};

/* The side whose function is being called, and its ops.  */
extern const struct bench_side *bench_running;
extern size_t bench_running_ops;

void bench_start (int argc, char **argv);
/* Run SIDES[0] (the reference), SIDES[1] ... up to a NULL name, in an order that rotates from round
   to round; print a line for each: median, quartiles, and the median of its ratios to the
   reference. */
void bench_compare_as (const struct bench_subject *subject, const struct bench_side *sides);
/* The same with OPS, and the defaults for the rest.  */
void bench_compare (const char *name, size_t ops, const struct bench_side *sides);
/* Print and note a figure which is counted, not timed.  */
void bench_count (const char *subject, const char *side, const char *unit, double value);
/* Say what failed and exit: a benchmark with a hole in it is none.  */
void bench_fail (const char *what);
/* Make the compiler believe that PTR's target is read and written.  */
static inline void bench_touch (void *ptr) {
  __asm__ volatile("" : : "r"(ptr) : "memory");
}

#ifdef __cplusplus
}
#endif

#endif /* BENCH_BENCH_H */
