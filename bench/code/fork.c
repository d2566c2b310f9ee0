/* Counts functions of a parent that change when its forked child frees all code and publishes other
   code.  */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "job.h"
#include "bench.h"

enum { PIECES = 1000 };

static const struct way *const ways[] = {&way_asmjit,  &way_asmjit_dual, &way_asmjit_fill,
                                         &way_publish, &way_poison,      &way_mir};

static void change_all (struct job *job) {
  job_free (job);
  for (size_t i = 0; i < sizeof (job_code); i++) job_code[i] ^= 0xff;
  job_publish (job, PIECES);
}

static double count_changed (const struct job *job) {
  double changed = 0;
  for (size_t i = 0; i < job->num; i++)
    changed += memcmp (job->pieces[i], job_code, job->lens[i]) != 0;
  return changed;
}

int main (int argc, char **argv) {
  static const char subject[] = "functions of 1000 that a forked child changes in its parent";
  bench_start (argc, argv);
  puts (subject);
  fflush (stdout);
  for (size_t i = 0; i < sizeof (ways) / sizeof (ways[0]); i++) {
    struct job job;
    int status;
    job_open (&job, ways[i], PIECES);
    job_publish (&job, PIECES);
    pid_t child = fork ();
    if (child == 0) {
      change_all (&job);
      _exit (count_changed (&job) == 0 ? 0 : 1);
    }
    if (child < 0 || waitpid (child, &status, 0) != child || status != 0)
      bench_fail ("the child failed");
    bench_count (subject, ways[i]->name, "functions", count_changed (&job));
    job_close (&job);
  }
  return 0;
}
