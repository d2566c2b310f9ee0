/* Runs the sides of a benchmark in turns and prints the figures.  */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct bench_side *bench_running;
size_t bench_running_ops;

static FILE *csv;
static const char *program;

void bench_start (int argc, char **argv) {
  const char *slash = strrchr (argv[0], '/');
  program = slash == NULL ? argv[0] : slash + 1;
  printf ("%s, mimalloc %s\n", program, BENCH_MIMALLOC);
  if (argc < 2) return;
  csv = fopen (argv[1], "a");
  if (csv == NULL) {
    perror (argv[1]);
    exit (1);
  }
  if (ftell (csv) == 0) /* not begun by run.sh, which says more */
    fprintf (csv,
             "# mimalloc: %s\n"
             "program,subject,side,unit,median,quartile1,quartile3,ratio,ratio_quartile1,"
             "ratio_quartile3,rounds\n",
             BENCH_MIMALLOC);
}

void bench_fail (const char *what) {
  fflush (stdout);
  fprintf (stderr, "%s: %s: %s\n", program == NULL ? "bench" : program,
           bench_running == NULL ? "-" : bench_running->name, what);
  exit (1);
}

double bench_cpu_ns (int all_threads) {
  struct timespec now;
  clock_gettime (all_threads ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_THREAD_CPUTIME_ID, &now);
  return (double) now.tv_sec * 1e9 + (double) now.tv_nsec;
}

static int compare_doubles (const void *a, const void *b) {
  double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

/* The element at QUARTER quarters of the sorted values.  */
static double quartile (const double *values, int num, int quarter) {
  double sorted[BENCH_ROUNDS];
  for (int i = 0; i < num; i++) sorted[i] = values[i];
  qsort (sorted, (size_t) num, sizeof (sorted[0]), compare_doubles);
  return sorted[(num - 1) * quarter / 4];
}

/* The file gets the rounds too, since ratios to another side than the first one are taken within a
   round.  */
static void report (const char *subject, const char *side, const double *ns, const double *ratios,
                    int rounds) {
  double median = quartile (ns, rounds, 2), low = quartile (ns, rounds, 1),
         high = quartile (ns, rounds, 3), ratio = quartile (ratios, rounds, 2);
  printf ("  %-38s %10.1f ns  (%.1f .. %.1f)  %6.2fx\n", side, median, low, high, ratio);
  if (csv == NULL) return;
  fprintf (csv, "%s,\"%s\",\"%s\",ns,%.2f,%.2f,%.2f,%.4f,%.4f,%.4f,", program, subject, side,
           median, low, high, ratio, quartile (ratios, rounds, 1), quartile (ratios, rounds, 3));
  for (int i = 0; i < rounds; i++) fprintf (csv, "%s%.2f", i == 0 ? "" : " ", ns[i]);
  fputc ('\n', csv);
}

void bench_count (const char *subject, const char *side, const char *unit, double value) {
  printf ("  %-38s %12.5f %s\n", side, value, unit);
  if (csv != NULL)
    fprintf (csv, "%s,\"%s\",\"%s\",%s,%.6f,,,,,,\n", program, subject, side, unit, value);
}

void bench_curve (const char *subject, const char *side, const char *unit, const double *values,
                  size_t num) {
  printf ("  %-38s %12.5f %s at the end\n", side, values[num - 1], unit);
  if (csv == NULL) return;
  fprintf (csv, "%s,\"%s\",\"%s\",%s,%.6f,,,,,,", program, subject, side, unit, values[num - 1]);
  for (size_t i = 0; i < num; i++) fprintf (csv, "%s%.4g", i == 0 ? "" : " ", values[i]);
  fputc ('\n', csv);
}

void bench_times (const char *subject, const char *const *names, size_t num,
                  double (*ns)[BENCH_ROUNDS], int rounds) {
  printf ("%s\n", subject);
  for (size_t side = 0; side < num; side++) {
    double ratios[BENCH_ROUNDS];
    for (int round = 0; round < rounds; round++) ratios[round] = ns[side][round] / ns[0][round];
    report (subject, names[side], ns[side], ratios, rounds);
  }
  fflush (stdout);
}

static double time_side (const struct bench_subject *subject, const struct bench_side *side) {
  bench_running = side;
  bench_running_ops = side->ops != 0 ? side->ops : subject->ops;
  if (side->prepare != NULL) side->prepare ();
  double start = bench_cpu_ns (subject->all_threads);
  side->run ();
  double ns = (bench_cpu_ns (subject->all_threads) - start) / (double) bench_running_ops;
  if (side->finish != NULL) side->finish ();
  bench_running = NULL;
  return ns;
}

void bench_compare_as (const struct bench_subject *subject, const struct bench_side *sides) {
  static double ns[BENCH_MAX_SIDES][BENCH_ROUNDS];
  const char *names[BENCH_MAX_SIDES];
  int n = 0, rounds = subject->rounds == 0 ? BENCH_ROUNDS : subject->rounds;
  for (; n < BENCH_MAX_SIDES && sides[n].name != NULL; n++) names[n] = sides[n].name;
  for (int round = -1; round < rounds; round++) /* round -1 warms up */
    for (int i = 0; i < n; i++) {
      int side = (i + round + 1) % n;
      double one = time_side (subject, &sides[side]);
      if (round >= 0) ns[side][round] = one;
    }
  bench_times (subject->name, names, (size_t) n, ns, rounds);
}

void bench_compare (const char *name, size_t ops, const struct bench_side *sides) {
  struct bench_subject subject = {.name = name, .ops = ops};
  bench_compare_as (&subject, sides);
}
