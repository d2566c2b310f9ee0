/* Times fresh processes: each replays the recorded compilation, or the beginning of it, once, with
   all page faults.  Times are the CPU time of the process, including the kernel's.  The default
   heap is measured as it is, and with huge pages switched off for the process (prctl(2),
   PR_SET_THP_DISABLE). Arguments: the CSV file, the trace.  */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "mir.h"
#include "adapters/mir-globals.h"
#include "trace-format.h"
#include "trace.h"

enum { ROUNDS = 15, SMALL = 20000 /* calls */ };

MIR_FROM_GLOBALS (libc_alloc, malloc, calloc, realloc, free)

static struct trace trace;
static void **blocks;

static void replay (MIR_alloc_t alloc, size_t num) {
  for (size_t i = 0; i < num; i++) {
    const struct trace_call *call = &trace.calls[i];
    void **slot = &blocks[call->slot];
    if (call->op == TRACE_FREE)
      MIR_free (alloc, *slot);
    else if (call->op == TRACE_REALLOC)
      *slot = MIR_realloc (alloc, *slot, call->old_size, call->size);
    else
      *slot = call->op == TRACE_CALLOC ? MIR_calloc (alloc, 1, call->size)
                                       : MIR_malloc (alloc, call->size);
    if (call->op == TRACE_FREE || call->size == 0) continue;
    if (*slot == NULL) _exit (1);
    ((char *) *slot)[0] = ((char *) *slot)[call->size - 1] = 1;
  }
}

static void by_malloc (size_t num) {
  replay (&libc_alloc, num);
}

static void by_default (size_t num) {
  MIR_context_t ctx = MIR_init ();
  if (ctx == NULL) _exit (1);
  replay (MIR_get_alloc (ctx), num);
}

static void by_default_without_huge_pages (size_t num) {
  if (prctl (PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0) _exit (1);
  by_default (num);
}

/* Milliseconds of CPU.  */
static double time_process (void (*run) (size_t num), size_t num, long *faults) {
  struct rusage used;
  int status;
  pid_t pid = fork ();
  if (pid == 0) {
    run (num);
    _exit (0);
  }
  if (pid < 0 || wait4 (pid, &status, 0, &used) != pid || status != 0)
    bench_fail ("a child failed");
  *faults = used.ru_minflt;
  return (double) (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3
         + (double) (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
}

static int compare_doubles (const void *a, const void *b) {
  double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

static double median (double *values) {
  qsort (values, ROUNDS, sizeof (values[0]), compare_doubles);
  return values[ROUNDS / 2];
}

static void compare (const char *subject, size_t num) {
  static void (*const runs[]) (size_t) = {by_malloc, by_default, by_default_without_huge_pages};
  const char *malloc_name = getenv ("BENCH_MALLOC");
  const char *names[] = {malloc_name == NULL ? "malloc" : malloc_name, "default",
                         "default, small pages only"};
  double ms[3][ROUNDS], ratios[3][ROUNDS];
  long faults[3];
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < 3; i++) {
      int side = (i + round) % 3;
      ms[side][round] = time_process (runs[side], num, &faults[side]);
    }
    for (int side = 0; side < 3; side++) ratios[side][round] = ms[side][round] / ms[0][round];
  }
  printf ("%s\n", subject);
  for (int side = 0; side < 3; side++) {
    bench_count (subject, names[side], "ms", median (ms[side]));
    bench_count (subject, names[side], "ratio", median (ratios[side]));
    bench_count (subject, names[side], "faults", (double) faults[side]);
  }
}

int main (int argc, char **argv) {
  if (argc < 3 || trace_read (argv[2], SIZE_MAX, &trace) != 0) {
    fprintf (stderr, "usage: bench-heap-fresh CSV TRACE\n");
    return 1;
  }
  blocks = (void **) calloc (trace.slots_num, sizeof (blocks[0]));
  if (blocks == NULL) return 1;
  memset (blocks, 0, trace.slots_num * sizeof (blocks[0]));
  bench_start (argc, argv);
  compare ("heap: a fresh process, the whole compilation", trace.calls_num);
  compare ("heap: a fresh process, its first 20000 calls", SMALL);
  compare ("heap: a fresh process, its first call", 1);
  return 0;
}
