/* Frees functions in random order, or replaces some of 50000 live ones, by one way, and prints how
   many.  instructions.sh runs this under callgrind, which counts only then.

   usage: bench-code-instructions free|pair WAY  */
#include <stdio.h>
#include <string.h>
#include <valgrind/callgrind.h>

#include "job.h"
#include "bench.h"

enum { FREED = 20000, LIVE = 50000, REPLACED = 5000 };

/* Does nothing, so what it costs is the loop and the calls; instructions.sh subtracts that.  */
static void *open_nothing (size_t bytes) {
  (void) bytes;
  return job_code;
}
static uint8_t *publish_nothing (void *hand, const uint8_t *code, size_t len) {
  (void) hand;
  (void) code;
  (void) len;
  return job_code;
}
static void free_nothing (void *hand, uint8_t *addr) {
  (void) hand;
  (void) addr;
}
static void close_nothing (void *store) {
  (void) store;
}

static const struct way way_nothing = {.name = "nothing",
                                       .open = open_nothing,
                                       .close = close_nothing,
                                       .publish = publish_nothing,
                                       .free = free_nothing};

static const struct way *const ways[] = {&way_nothing, &way_slots, &way_asmjit, &way_asmjit_pools,
                                         &way_publish};

/* The first time is not counted: it fills the pages and links the functions.  */
static void free_all (struct job *job) {
  struct job_random random = {3};
  for (int counted = 0; counted < 2; counted++) {
    job_publish (job, FREED);
    job_shuffle (job, &random);
    if (counted) CALLGRIND_START_INSTRUMENTATION;
    job_free (job);
  }
  CALLGRIND_STOP_INSTRUMENTATION;
  printf ("%d\n", FREED);
}

static void replace_some (struct job *job) {
  struct job_random random = {4};
  job_publish (job, LIVE);
  job_replace (job, &random, LIVE);
  CALLGRIND_START_INSTRUMENTATION;
  job_replace (job, &random, REPLACED);
  CALLGRIND_STOP_INSTRUMENTATION;
  printf ("%d\n", REPLACED);
}

int main (int argc, char **argv) {
  struct job job;
  if (argc != 3) bench_fail ("free|pair WAY");
  for (size_t i = 0; i < sizeof (ways) / sizeof (ways[0]); i++)
    if (strcmp (ways[i]->name, argv[2]) == 0) {
      job_open (&job, ways[i], LIVE);
      if (strcmp (argv[1], "free") == 0)
        free_all (&job);
      else
        replace_some (&job);
      job_close (&job);
      return 0;
    }
  bench_fail ("no such way");
}
