/* Compares ways to do one job: interleaved in one run, with medians and ratios within a round.

   side      a way to do the job
   subject   a job and its sides; a benchmark is a program with one bench_compare per subject
   round     one run of each side

   Times are CPU time, in nanoseconds per operation.  The first argument of the program, if any, is
   a file to which CSV lines are appended.  One thread at a time.  */
#ifndef MIR_BENCH_BENCH_H
#define MIR_BENCH_BENCH_H

#include <stddef.h> /* size_t */

#ifdef __cplusplus
extern "C" {
#endif

enum { BENCH_ROUNDS = 21, BENCH_MAX_SIDES = 16 };

struct bench_side {
  const char *name;
  void (*run) (void);     /* does the job; only this is timed */
  void (*prepare) (void); /* before each run; NULL: nothing to prepare */
  void (*finish) (void);  /* after each run; NULL: nothing to clean up */
  size_t ops;             /* operations in one run; 0: as in the subject */
  void *arg;              /* for the side's functions, see bench_running */
};

struct bench_subject {
  const char *name;
  size_t ops;
  int rounds;      /* at most BENCH_ROUNDS; 0: BENCH_ROUNDS */
  int all_threads; /* CPU time of the whole process; 0: of this thread */
};

/* The side whose function is running, and its operations.  */
extern const struct bench_side *bench_running;
extern size_t bench_running_ops;

/* Call this first, with the arguments of main.  Prints which mimalloc the program has.  */
void bench_start (int argc, char **argv);
/* Run SIDES[0] (the reference), SIDES[1] ... up to a NULL name, in an order that rotates from round
   to round.  Print a line for each: the median, the quartiles, and the median of its ratios to the
   reference.  */
void bench_compare_as (const struct bench_subject *subject, const struct bench_side *sides);
/* The same, with OPS operations and defaults otherwise.  */
void bench_compare (const char *name, size_t ops, const struct bench_side *sides);
/* Print and store figures that the caller has timed itself, with bench_cpu_ns: a line for each of
   the NUM > 0 sides NAMES, of which NAMES[0] is the reference.  NS[I] has a figure of the side I
   for each of ROUNDS rounds.  */
void bench_times (const char *subject, const char *const *names, size_t num,
                  double (*ns)[BENCH_ROUNDS], int rounds);
/* The CPU time so far, in nanoseconds, of this thread or of the whole process.  */
double bench_cpu_ns (int all_threads);
/* Print and store a figure that is counted, not timed.  */
void bench_count (const char *subject, const char *side, const char *unit, double value);
/* Store a figure that was read NUM > 0 times, at equal distances, and print the last one.  */
void bench_curve (const char *subject, const char *side, const char *unit, const double *values,
                  size_t num);
/* Print WHAT has failed and exit with status 1: a benchmark never goes on without a figure.  */
void bench_fail (const char *what);
/* Make the compiler assume that the memory at PTR is read and written here.  */
static inline void bench_touch (void *ptr) {
  __asm__ volatile ("" : : "r"(ptr) : "memory");
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_BENCH_BENCH_H */
