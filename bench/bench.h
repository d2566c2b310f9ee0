/* Comparing ways to do one job: all of them interleaved in one run, medians, ratios within a round.

   A benchmark is a program with one bench_compare per subject.  Thread CPU time, nanoseconds per
   operation.  The first argument of the program, if any, is a file to which CSV lines are appended.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h> /* size_t */

enum { BENCH_ROUNDS = 21, BENCH_MAX_SIDES = 6 };

struct bench_side {
  const char *name;
  void (*run) (void); /* does the job OPS times */
};

void bench_start (int argc, char **argv);
/* Run SIDES[0] (the reference), SIDES[1] ... up to a NULL name, in an order that rotates from round
   to round; print a line for each: median, quartiles, and the median of its ratios to the
   reference. */
void bench_compare (const char *subject, size_t ops, const struct bench_side *sides);
/* Make the compiler believe that PTR's target is read and written.  */
static inline void bench_touch (void *ptr) {
  __asm__ volatile("" : : "r"(ptr) : "memory");
}

#endif /* BENCH_H */
