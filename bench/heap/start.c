/* Times how long small programs take from exec to exit: CPU time of the process, with the kernel's.  A
   static program is compared with static mimalloc, a program with shared libraries with mimalloc in a
   shared library.  Arguments: the CSV file, the folder of the programs.  */
#define _GNU_SOURCE /* vfork, wait4 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { STARTS = 40 }; /* a round */

static const char *folder;
static long faults; /* of the last process */

/* Start PROGRAM and wait for its end.  Returns nanoseconds.  */
static double start (const char *program) {
  char name[1000];
  struct rusage used;
  int status;
  snprintf (name, sizeof (name), "%s/%s", folder, program);
  pid_t pid = vfork ();
  if (pid == 0) {
    execl (name, name, (char *) NULL);
    _exit (127);
  }
  if (pid < 0 || wait4 (pid, &status, 0, &used) != pid || status != 0) bench_fail (program);
  faults = used.ru_minflt;
  return (double) (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e9
         + (double) (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e3;
}

static void compare (const char *subject, const char *const *programs, const char *const *names) {
  double ns[3][BENCH_ROUNDS] = {{0}};
  long counts[3] = {0};
  for (int round = 0; round < BENCH_ROUNDS; round++)
    for (int i = 0; i < STARTS * 3; i++) {
      int side = (i + round) % 3;
      ns[side][round] += start (programs[side]) / STARTS;
      counts[side] = faults;
    }
  printf ("%s\n", subject);
  bench_times (subject, names, 3, ns, BENCH_ROUNDS);
  for (int side = 0; side < 3; side++)
    bench_count (subject, names[side], "faults", (double) counts[side]);
}

int main (int argc, char **argv) {
  static const char *const names[] = {"mimalloc alone", "default heap", "context"};
  static const char *const fixed[] = {"start-bare-static", "start-default-static",
                                      "start-context-static"};
  static const char *const shared[] = {"start-bare", "start-default", "start-context"};
  if (argc < 3) {
    fprintf (stderr, "usage: bench-heap-start CSV FOLDER\n");
    return 1;
  }
  folder = argv[2];
  bench_start (argc, argv);
  compare ("heap: a small program, static", fixed, names);
  compare ("heap: a small program, shared", shared, names);
  return 0;
}
