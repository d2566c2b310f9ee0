/* Times two threads that publish into fresh memory at once, each with its own hand: the CPU time of
   both per function.  */
#include <pthread.h>
#include <stdlib.h>

#include "job.h"
#include "bench.h"

enum { THREADS = 2, EACH = 50000, FLIPS_EACH = 2000 };

static struct job job; /* all threads share the store, and divide the blocks among them */
static void *other_stores[THREADS];

/* The store of a way without an `enter` is for one thread only, so each thread gets its own.  */
static void open_stores (void) {
  const struct way *way = (const struct way *) bench_running->arg;
  job_open (&job, way, bench_running_ops);
  for (int i = 1; i < THREADS && way->enter == NULL; i++)
    other_stores[i] = way->open ((size_t) JOB_MAX_LEN * bench_running_ops / THREADS);
  job.num = bench_running_ops;
}

static void close_stores (void) {
  job_check (&job);
  for (int i = 1; i < THREADS && job.way->enter == NULL; i++) job.way->close (other_stores[i]);
  job_close (&job);
}

static void *publish_part (void *arg) {
  size_t thread = (size_t) (uintptr_t) arg, part = bench_running_ops / THREADS;
  void *hand;
  if (job.way->enter == NULL)
    hand = thread == 0 ? job.store : other_stores[thread];
  else
    hand = job.way->enter (job.store);
  for (size_t i = thread * part; i < (thread + 1) * part; i++)
    job.pieces[i] = job.way->publish (hand, job_code, job.lens[i]);
  way_settle (job.way, hand);
  way_leave (job.way, hand);
  return NULL;
}

static void publish_by_all (void) {
  pthread_t threads[THREADS];
  for (size_t i = 0; i < THREADS; i++)
    if (pthread_create (&threads[i], NULL, publish_part, (void *) (uintptr_t) i) != 0)
      bench_fail ("no thread");
  for (size_t i = 0; i < THREADS; i++) pthread_join (threads[i], NULL);
}

int main (int argc, char **argv) {
  static const struct way *ways[] = {&way_memcpy,      &way_rwx, &way_flip_page, &way_asmjit,
                                     &way_asmjit_dual, &way_mir, &way_publish,   &way_batch};
  struct bench_side sides[sizeof (ways) / sizeof (ways[0]) + 1] = {{0}};
  struct bench_subject subject = {.name = "two threads publish into fresh memory",
                                  .ops = (size_t) THREADS * EACH,
                                  .rounds = 15,
                                  .all_threads = 1};
  for (size_t i = 0; i < sizeof (ways) / sizeof (ways[0]); i++)
    sides[i] = (struct bench_side) {.name = ways[i]->name,
                                    .prepare = open_stores,
                                    .run = publish_by_all,
                                    .finish = close_stores,
                                    .ops = ways[i] == &way_flip_page ? THREADS * FLIPS_EACH : 0,
                                    .arg = (void *) (uintptr_t) ways[i]};
  bench_start (argc, argv);
  bench_compare_as (&subject, sides);
  return 0;
}
