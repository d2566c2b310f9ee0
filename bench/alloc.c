/* Times the vtable with mimalloc behind it, and a trace of it, against the process's malloc.  */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "mir.h"
#include "mir-trace.h"

enum { OPS = 200000, LIVE = 1000 };

static MIR_alloc_t alloc;
static void *slots[LIVE];

static uint32_t next_random (uint32_t *state) {
  return *state = *state * 1664525u + 1013904223u; /* Numerical Recipes' generator */
}

static void pairs_by_malloc (void) {
  for (int i = 0; i < OPS; i++) {
    void *block = malloc (64);
    bench_touch (block);
    free (block);
  }
}

static void pairs_by_vtable (void) {
  for (int i = 0; i < OPS; i++) {
    void *block = MIR_malloc (alloc, 64);
    bench_touch (block);
    MIR_free (alloc, block);
  }
}

/* Replace blocks of 16 to 271 bytes in random order.  */
static void churn_by_malloc (void) {
  uint32_t state = 1;
  for (int i = 0; i < OPS; i++) {
    uint32_t r = next_random (&state);
    void **slot = &slots[(r >> 8) % LIVE];
    free (*slot);
    *slot = malloc (16 + (r >> 24));
    bench_touch (*slot);
  }
  for (int i = 0; i < LIVE; i++) {
    free (slots[i]);
    slots[i] = NULL;
  }
}

static void churn_by_vtable (void) {
  uint32_t state = 1;
  for (int i = 0; i < OPS; i++) {
    uint32_t r = next_random (&state);
    void **slot = &slots[(r >> 8) % LIVE];
    MIR_free (alloc, *slot);
    *slot = MIR_malloc (alloc, 16 + (r >> 24));
    bench_touch (*slot);
  }
  for (int i = 0; i < LIVE; i++) {
    MIR_free (alloc, slots[i]);
    slots[i] = NULL;
  }
}

/*---------------- Traced -----------------------------*/

static const char trace_file[] = "bench-alloc.trace";
static MIR_trace_t trace;

static void start_trace (unsigned stack_depth) {
  MIR_trace_options_t options = {.size = sizeof (options), .file = trace_file};
  options.stack_depth = stack_depth;
  if (MIR_trace_create (&options, &trace) != MIR_TRACE_OK) bench_fail ("no trace");
}

static void start_plain_trace (void) {
  start_trace (0);
}

static void start_stack_trace (void) {
  start_trace (8);
}

static void finish_trace (void) {
  if (MIR_trace_finish (trace) != MIR_TRACE_OK) bench_fail ("the trace is incomplete");
  remove (trace_file);
}

static void pairs_traced (void) {
  MIR_alloc_t traced = MIR_trace_alloc (trace);
  for (size_t i = 0; i < bench_running_ops; i++) {
    void *block = MIR_malloc (traced, 64);
    bench_touch (block);
    MIR_free (traced, block);
  }
}

int main (int argc, char **argv) {
  static const struct bench_side pairs[] = {{.name = "libc malloc + free", .run = pairs_by_malloc},
                                            {.name = "MIR_alloc", .run = pairs_by_vtable},
                                            {.name = "MIR_trace",
                                             .run = pairs_traced,
                                             .prepare = start_plain_trace,
                                             .finish = finish_trace},
                                            {.name = "MIR_trace, 8 callers",
                                             .run = pairs_traced,
                                             .prepare = start_stack_trace,
                                             .finish = finish_trace,
                                             .ops = OPS / 20},
                                            {.name = NULL}};
  static const struct bench_side churn[] = {{.name = "libc malloc + free", .run = churn_by_malloc},
                                            {.name = "MIR_alloc", .run = churn_by_vtable},
                                            {.name = NULL}};
  MIR_context_t ctx = MIR_init ();
  if (ctx == NULL) return 1;
  alloc = MIR_get_alloc (ctx);
  bench_start (argc, argv);
  bench_compare ("alloc: a pair of 64 bytes", OPS, pairs);
  bench_compare ("alloc: replace one of 1000 live blocks of 16 to 271 bytes", OPS, churn);
  MIR_finish (ctx);
  return 0;
}
