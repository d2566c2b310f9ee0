/* Times the default heap and the ready-made allocators against the process's malloc: glibc's, or a
   preloaded one (bench/run.sh runs this once with each).  Arguments: the CSV file, the trace.  */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "mir-heap.h"
#include "mir.h"
#include "adapters/mir-globals.h"
#include "trace-format.h"
#include "trace.h"

enum { PAIRS = 200000, CHURN = 200000, MANY = 100000, FEW = 1000, TRACE_ROUNDS = 7 };

MIR_FROM_GLOBALS (libc_alloc, malloc, calloc, realloc, free)

static struct trace trace;
static void **blocks; /* as many as the trace has slots, and at least MANY */
static MIR_alloc_t alloc;

static uint32_t next_random (uint32_t *state) {
  return *state = *state * 1664525u + 1013904223u; /* Numerical Recipes' generator */
}

/*---------------- Jobs -----------------------------*/
/* Inlined, so that with a constant vtable malloc is called directly, as in a program.  */
#define JOB static inline __attribute__ ((always_inline)) void

JOB do_pairs (MIR_alloc_t a) {
  for (int i = 0; i < PAIRS; i++) {
    void *block = MIR_malloc (a, 64);
    bench_touch (block);
    MIR_free (a, block);
  }
}

/* Replace one of NUM live blocks of 16 to 271 bytes, chosen at random.  */
JOB do_churn (MIR_alloc_t a, uint32_t num) {
  uint32_t state = 1;
  for (int i = 0; i < CHURN; i++) {
    uint32_t r = next_random (&state);
    void **slot = &blocks[(uint64_t) r * num >> 32];
    MIR_free (a, *slot);
    *slot = MIR_malloc (a, 16 + (r & 255));
    if (*slot == NULL) bench_fail ("no memory");
    *(char *) *slot = 1;
  }
}

/* Replay the trace and write the first and the last byte of each block.  */
JOB do_trace (MIR_alloc_t a) {
  for (size_t i = 0; i < trace.calls_num; i++) {
    const struct trace_call *call = &trace.calls[i];
    void **slot = &blocks[call->slot];
    switch (call->op) {
      case TRACE_MALLOC:
        *slot = MIR_malloc (a, call->size);
        break;
      case TRACE_CALLOC:
        *slot = MIR_calloc (a, 1, call->size);
        break;
      case TRACE_REALLOC:
        *slot = MIR_realloc (a, *slot, call->old_size, call->size);
        break;
      default:
        MIR_free (a, *slot);
        *slot = NULL;
        continue;
    }
    if (call->size == 0) continue;
    if (*slot == NULL) bench_fail ("no memory");
    ((char *) *slot)[0] = ((char *) *slot)[call->size - 1] = 1;
  }
}

JOB free_all (MIR_alloc_t a, size_t num) {
  for (size_t i = 0; i < num; i++) {
    MIR_free (a, blocks[i]);
    blocks[i] = NULL;
  }
}

/* Make blocks that end together.  */
JOB do_many (MIR_alloc_t a) {
  uint32_t state = 1;
  for (int i = 0; i < MANY; i++) {
    blocks[i] = MIR_malloc (a, 16 + (next_random (&state) >> 24));
    if (blocks[i] == NULL) bench_fail ("no memory");
    *(char *) blocks[i] = 1;
  }
}

static void pairs_by_malloc (void) {
  do_pairs (&libc_alloc);
}
static void few_by_malloc (void) {
  do_churn (&libc_alloc, FEW);
}
static void many_by_malloc (void) {
  do_churn (&libc_alloc, MANY);
}
static void trace_by_malloc (void) {
  do_trace (&libc_alloc);
  free_all (&libc_alloc, trace.slots_num);
}
static void end_by_malloc (void) {
  do_many (&libc_alloc);
  free_all (&libc_alloc, MANY);
}
static void free_by_malloc (void) {
  free_all (&libc_alloc, MANY);
}

static void pairs (void) {
  do_pairs (alloc);
}
static void few (void) {
  do_churn (alloc, FEW);
}
static void many (void) {
  do_churn (alloc, MANY);
}
static void free_live (void) {
  free_all (alloc, MANY);
}
static void run_trace (void) {
  do_trace (alloc);
  free_all (alloc, trace.slots_num);
}
static void end_one_by_one (void) {
  do_many (alloc);
  free_all (alloc, MANY);
}

/*---------------- Allocators -----------------------------*/

static MIR_alloc_t the_default;
static MIR_heap_t heap;
static MIR_arena_t arena;
static MIR_zone_t zone;

static void need (int status, const char *what) {
  if (status != MIR_HEAP_OK) bench_fail (what);
}

static void use_made (void) {
  alloc = (MIR_alloc_t) bench_running->arg;
}
static void make_heap (void) {
  need (MIR_heap_create (&heap), "no heaps");
  alloc = &heap->alloc;
}
static void finish_heap (void) {
  MIR_heap_finish (heap);
  memset (blocks, 0, MANY * sizeof (blocks[0]));
}
static void make_arena (void) {
  need (MIR_arena_create (NULL, 0, &arena), "no arena");
  alloc = &arena->alloc;
}
static void finish_arena (void) {
  MIR_arena_finish (arena);
  memset (blocks, 0, MANY * sizeof (blocks[0]));
}
static void make_zone (void) {
  need (MIR_zone_create (NULL, &zone), "no zone");
  alloc = &zone->alloc;
}
static void finish_zone (void) {
  MIR_zone_finish (zone);
  memset (blocks, 0, MANY * sizeof (blocks[0]));
}
/* Making and finishing the allocator are part of the job, as they are of the life of a context.  */
static void end_heap (void) {
  make_heap ();
  do_many (alloc);
  finish_heap ();
}
static void end_arena (void) {
  make_arena ();
  do_many (alloc);
  finish_arena ();
}
static void end_zone (void) {
  make_zone ();
  do_many (alloc);
  finish_zone ();
}

static void free_churn (void) {
  free_live ();
}

static MIR_limit_t limit;
static MIR_sized_t sized;
static MIR_stats_t stats;
static MIR_locked_t locked;
static MIR_checking_t checking;

static void make_wrappers (void) {
  MIR_limit_options_t options = {.size = sizeof (options), .hard = SIZE_MAX / 2};
  need (MIR_limit_create (NULL, &options, &limit), "limit");
  need (MIR_sized_create (NULL, &sized), "sized");
  need (MIR_stats_create (NULL, &stats), "stats");
  need (MIR_locked_create (NULL, &locked), "locked");
  need (MIR_checking_create (NULL, NULL, &checking), "checking");
}

static void compare (const char *name, size_t ops, int rounds, void (*by_malloc) (void),
                     void (*by_alloc) (void), void (*end_malloc) (void), void (*end_alloc) (void)) {
  const char *malloc_name = getenv ("BENCH_MALLOC");
  struct bench_subject subject = {.name = name, .ops = ops, .rounds = rounds};
  struct bench_side sides[] = {
      {.name = malloc_name == NULL ? "malloc" : malloc_name,
       .run = by_malloc,
       .finish = end_malloc},
      {.name = "default",
       .run = by_alloc,
       .prepare = use_made,
       .finish = end_alloc,
       .arg = the_default},
      {.name = "heap", .run = by_alloc, .prepare = make_heap, .finish = finish_heap},
      {.name = "zone", .run = by_alloc, .prepare = make_zone, .finish = finish_zone},
      {.name = "arena", .run = by_alloc, .prepare = make_arena, .finish = finish_arena},
      {.name = "sized",
       .run = by_alloc,
       .prepare = use_made,
       .finish = end_alloc,
       .arg = &sized->alloc},
      {.name = "limit",
       .run = by_alloc,
       .prepare = use_made,
       .finish = end_alloc,
       .arg = &limit->alloc},
      {.name = "locked",
       .run = by_alloc,
       .prepare = use_made,
       .finish = end_alloc,
       .arg = &locked->alloc},
      {.name = "stats",
       .run = by_alloc,
       .prepare = use_made,
       .finish = end_alloc,
       .arg = &stats->alloc},
      {.name = "checking",
       .run = by_alloc,
       .prepare = use_made,
       .finish = end_alloc,
       .arg = &checking->alloc},
      {.name = NULL}};
  if (getenv ("BENCH_SHORT") != NULL)
    sides[2].name = NULL; /* of a preloaded malloc only these are wanted */
  bench_compare_as (&subject, sides);
}

static void compare_ends (void) {
  const char *malloc_name = getenv ("BENCH_MALLOC");
  struct bench_side sides[] = {
      {.name = malloc_name == NULL ? "malloc" : malloc_name, .run = end_by_malloc},
      {.name = "default", .run = end_one_by_one, .prepare = use_made, .arg = the_default},
      {.name = "heap, destroyed", .run = end_heap},
      {.name = "zone, finished", .run = end_zone},
      {.name = "arena, finished", .run = end_arena},
      {.name = NULL}};
  if (getenv ("BENCH_SHORT") != NULL) sides[2].name = NULL;
  bench_compare ("heap: make 100000 blocks and end all", MANY, sides);
}

int main (int argc, char **argv) {
  MIR_context_t ctx = MIR_init ();
  if (ctx == NULL || argc < 3 || trace_read (argv[2], SIZE_MAX, &trace) != 0) {
    fprintf (stderr, "usage: bench-heap CSV TRACE\n");
    return 1;
  }
  the_default = MIR_get_alloc (ctx);
  blocks = (void **) calloc (trace.slots_num > MANY ? trace.slots_num : MANY, sizeof (blocks[0]));
  if (blocks == NULL) return 1;
  bench_start (argc, argv);
  make_wrappers ();
  printf ("trace: %zu malloc, %zu calloc, %zu realloc, %zu free; peak %.1f MB\n",
          trace.counts[TRACE_MALLOC], trace.counts[TRACE_CALLOC], trace.counts[TRACE_REALLOC],
          trace.counts[TRACE_FREE], (double) trace.peak_bytes / 1e6);
  compare ("heap: a pair of 64 bytes", PAIRS, 0, pairs_by_malloc, pairs, NULL, NULL);
  compare ("heap: random free among 1000", CHURN, 0, few_by_malloc, few, free_by_malloc,
           free_churn);
  compare ("heap: random free among 100000", CHURN, 0, many_by_malloc, many, free_by_malloc,
           free_churn);
  compare ("heap: a recorded compilation, per call", trace.calls_num, TRACE_ROUNDS, trace_by_malloc,
           run_trace, NULL, NULL);
  compare_ends ();
  return 0; /* the allocators end with the process */
}
