#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static FILE *csv;
static const char *program;

void bench_start (int argc, char **argv) {
  program = argv[0];
  if (argc < 2) return;
  csv = fopen (argv[1], "a");
  if (csv == NULL) {
    perror (argv[1]);
    exit (1);
  }
}

static double thread_ns (void) {
  struct timespec now;
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

static int compare_doubles (const void *a, const void *b) {
  double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

/* The element at QUARTER quarters of the sorted copy.  */
static double quartile (const double *values, int quarter) {
  double sorted[BENCH_ROUNDS];
  for (int i = 0; i < BENCH_ROUNDS; i++) sorted[i] = values[i];
  qsort (sorted, BENCH_ROUNDS, sizeof (sorted[0]), compare_doubles);
  return sorted[(BENCH_ROUNDS - 1) * quarter / 4];
}

static void report (const char *subject, const char *side, const double *ns, const double *ratios) {
  double median = quartile (ns, 2), low = quartile (ns, 1), high = quartile (ns, 3);
  printf ("  %-34s %10.1f ns  (%.1f .. %.1f)  %6.2fx\n", side, median, low, high,
          quartile (ratios, 2));
  if (csv != NULL)
    fprintf (csv, "%s,\"%s\",\"%s\",%.2f,%.2f,%.2f,%.4f,%.4f,%.4f\n", program, subject, side,
             median, low, high, quartile (ratios, 2), quartile (ratios, 1), quartile (ratios, 3));
}

void bench_compare (const char *subject, size_t ops, const struct bench_side *sides) {
  static double ns[BENCH_MAX_SIDES][BENCH_ROUNDS], ratios[BENCH_MAX_SIDES][BENCH_ROUNDS];
  int n = 0;
  while (n < BENCH_MAX_SIDES && sides[n].name != NULL) n++;
  for (int round = -1; round < BENCH_ROUNDS; round++) /* round -1 warms up */
    for (int i = 0; i < n; i++) {
      int side = (i + round + 1) % n;
      double start = thread_ns ();
      sides[side].run ();
      if (round >= 0) ns[side][round] = (thread_ns () - start) / (double) ops;
    }
  printf ("%s\n", subject);
  for (int side = 0; side < n; side++) {
    for (int round = 0; round < BENCH_ROUNDS; round++)
      ratios[side][round] = ns[side][round] / ns[0][round];
    report (subject, sides[side].name, ns[side], ratios[side]);
  }
  fflush (stdout);
}
