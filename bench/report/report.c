/* Times mir-report on traces of ten million events: CPU seconds with the kernel's, the least of
   ROUNDS runs, since whatever else the machine does only adds to them, and the median; the most
   memory that was resident in any run.  Arguments: the CSV file, mir-report, and pairs of a subject
   and its trace.  */
#define _GNU_SOURCE /* wait4 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { ROUNDS = 7 };

/* What a run of mir-report has taken.  */
struct run {
  double seconds;
  double bytes; /* resident */
};

/* Write the page of the trace PATH to nowhere.  */
static struct run run_report (const char *program, const char *path) {
  struct rusage used;
  int status;
  pid_t pid = fork ();
  if (pid == 0) {
    if (dup2 (open ("/dev/null", O_WRONLY), STDOUT_FILENO) == STDOUT_FILENO)
      execl (program, program, "--html", "-", path, (char *) NULL);
    _exit (127);
  }
  if (pid < 0 || wait4 (pid, &status, 0, &used) != pid || status != 0)
    bench_fail ("mir-report failed");
  return (struct run) {(double) (used.ru_utime.tv_sec + used.ru_stime.tv_sec)
                           + (double) (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6,
                       (double) used.ru_maxrss * 1024};
}

static int compare_runs (const void *a, const void *b) {
  double x = ((const struct run *) a)->seconds, y = ((const struct run *) b)->seconds;
  return (x > y) - (x < y);
}

static void measure (const char *subject, const char *program, const char *path) {
  struct run runs[ROUNDS];
  struct stat trace;
  char name[200];
  double most = 0;
  if (stat (path, &trace) != 0) bench_fail ("there is no trace");
  for (int i = 0; i < ROUNDS; i++) {
    runs[i] = run_report (program, path);
    if (most < runs[i].bytes) most = runs[i].bytes;
  }
  qsort (runs, ROUNDS, sizeof (runs[0]), compare_runs);
  snprintf (name, sizeof (name), "report: ten million events, %s", subject);
  printf ("%s\n", name);
  bench_count (name, "trace", "MB", (double) trace.st_size / 1e6);
  bench_count (name, "page, least", "s", runs[0].seconds);
  bench_count (name, "page, median", "s", runs[ROUNDS / 2].seconds);
  bench_count (name, "page, resident", "MB", most / 1e6);
}

int main (int argc, char **argv) {
  if (argc < 5 || argc % 2 == 0) {
    fprintf (stderr, "usage: bench-report CSV MIR-REPORT [SUBJECT TRACE]...\n");
    return 1;
  }
  bench_start (argc, argv);
  for (int i = 3; i < argc; i += 2) measure (argv[i], argv[2], argv[i + 1]);
  return 0;
}
