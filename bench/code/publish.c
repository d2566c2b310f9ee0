/* Times publishing into fresh memory and into memory that was freed before, and freeing.  */
#include <pthread.h>
#include <unistd.h>

#include "job.h"
#include "bench.h"

enum { FRESH = 50000, FLIPS = 2000, RECYCLED = 20000 };

struct task {
  const struct way *way;
  struct job job;
  struct job_random random;
};

static struct task *running (void) {
  return (struct task *) bench_running->arg;
}

/*---------------- Fresh -----------------------------*/

static void open_job (void) {
  job_open (&running ()->job, running ()->way, bench_running_ops);
}
static void publish (void) {
  job_publish (&running ()->job, bench_running_ops);
}
static void close_job (void) {
  job_check (&running ()->job);
  job_close (&running ()->job);
}

static struct task fresh_tasks[] = {
    {.way = &way_memcpy},    {.way = &way_rwx},          {.way = &way_flip_page},
    {.way = &way_flip_area}, {.way = &way_flip_mapping}, {.way = &way_filled},
    {.way = &way_asmjit},    {.way = &way_asmjit_dual},  {.way = &way_vtable},
    {.way = &way_mir},       {.way = &way_publish},      {.way = &way_batch},
    {.way = &way_reserve}};

/* Whether WAY changes protections for each function.  Such ways are a hundred times slower, so they
   do fewer operations.  */
static int flips (const struct way *way) {
  return way == &way_flip_page || way == &way_flip_area || way == &way_flip_mapping
         || way == &way_vtable;
}

static void compare_fresh (void) {
  struct bench_side sides[BENCH_MAX_SIDES] = {{0}};
  for (size_t i = 0; i < sizeof (fresh_tasks) / sizeof (fresh_tasks[0]); i++)
    sides[i] = (struct bench_side) {.name = fresh_tasks[i].way->name,
                                    .prepare = open_job,
                                    .run = publish,
                                    .finish = close_job,
                                    .ops = flips (fresh_tasks[i].way) ? FLIPS : 0,
                                    .arg = &fresh_tasks[i]};
  bench_compare ("publish into fresh memory", FRESH, sides);
}

/*---------------- Recycled -----------------------------*/

static void shuffle (void) {
  job_shuffle (&running ()->job, &running ()->random);
}
static void free_all (void) {
  job_free (&running ()->job);
}
static void check_and_free (void) {
  job_check (&running ()->job);
  shuffle ();
  free_all ();
}
static void publish_and_shuffle (void) {
  publish ();
  shuffle ();
}

static struct task recycled_tasks[] = {
    {.way = &way_memcpy},      {.way = &way_rwx},    {.way = &way_asmjit},
    {.way = &way_asmjit_dual}, {.way = &way_mir},    {.way = &way_publish},
    {.way = &way_reserve},     {.way = &way_poison}, {.way = &way_reclaim}};

/* Data memory has nothing to free, so asmjit is the reference.  */
static struct task free_tasks[] = {{.way = &way_asmjit},      {.way = &way_asmjit_dual},
                                   {.way = &way_asmjit_fill}, {.way = &way_publish},
                                   {.way = &way_poison},      {.way = &way_reclaim}};

static void compare (const char *subject, struct task *tasks, size_t num,
                     const struct bench_side *pattern) {
  struct bench_side sides[BENCH_MAX_SIDES] = {{0}};
  for (size_t i = 0; i < num; i++) {
    tasks[i].random.state = 3;
    job_open (&tasks[i].job, tasks[i].way, RECYCLED);
    sides[i] = *pattern;
    sides[i].name = tasks[i].way->name;
    sides[i].arg = &tasks[i];
  }
  bench_compare (subject, RECYCLED, sides);
  for (size_t i = 0; i < num; i++) job_close (&tasks[i].job);
}

/* While a process has one thread the C library takes locks without atomic instructions, but JIT
   runtimes have more threads.  */
static void *be_idle (void *arg) {
  for (;;) pause ();
  return arg;
}

int main (int argc, char **argv) {
  static const struct bench_side recycled = {.run = publish, .finish = check_and_free},
                                 freeing = {.prepare = publish_and_shuffle, .run = free_all};
  bench_start (argc, argv);
  compare_fresh ();
  compare ("publish into recycled memory", recycled_tasks,
           sizeof (recycled_tasks) / sizeof (recycled_tasks[0]), &recycled);
  compare ("free, in random order", free_tasks, sizeof (free_tasks) / sizeof (free_tasks[0]),
           &freeing);
  pthread_t idle;
  if (pthread_create (&idle, NULL, be_idle, NULL) != 0) bench_fail ("no thread");
  compare ("publish into recycled memory, another thread idle", recycled_tasks,
           sizeof (recycled_tasks) / sizeof (recycled_tasks[0]), &recycled);
  compare ("free, in random order, another thread idle", free_tasks,
           sizeof (free_tasks) / sizeof (free_tasks[0]), &freeing);
  return 0;
}
