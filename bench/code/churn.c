/* Times replacing code: free one of many code blocks, publish another of another size.  The
   reference has a slot of 1 KiB for each, which needs no search and twice the memory.  kernel.c
   counts the memory of each way.  */
#include "job.h"
#include "bench.h"

enum { OPS = 10000, ROUNDS = 15 };

struct task {
  const struct way *way;
  struct job job;
  struct job_random random;
};

static void replace (void) {
  struct task *task = (struct task *) bench_running->arg;
  job_replace (&task->job, &task->random, bench_running_ops);
}

static struct task tasks[] = {{.way = &way_slots},        {.way = &way_asmjit},
                              {.way = &way_asmjit_pools}, {.way = &way_asmjit_dual},
                              {.way = &way_publish},      {.way = &way_reclaim}};

enum { TASKS = sizeof (tasks) / sizeof (tasks[0]) };

static void compare (const char *name, size_t live) {
  struct bench_side sides[TASKS + 1] = {{0}};
  struct bench_subject subject = {.name = name, .ops = OPS, .rounds = ROUNDS};
  for (size_t i = 0; i < TASKS; i++) {
    tasks[i].random.state = 4;
    job_open (&tasks[i].job, tasks[i].way, live);
    job_publish (&tasks[i].job, live);
    sides[i] = (struct bench_side) {.name = tasks[i].way->name, .run = replace, .arg = &tasks[i]};
  }
  bench_compare_as (&subject, sides);
  for (size_t i = 0; i < TASKS; i++) {
    job_check (&tasks[i].job);
    job_close (&tasks[i].job);
  }
}

int main (int argc, char **argv) {
  bench_start (argc, argv);
  compare ("free and publish, 256 live", 256);
  compare ("free and publish, 10000 live", 10000);
  compare ("free and publish, 50000 live", 50000);
  return 0;
}
