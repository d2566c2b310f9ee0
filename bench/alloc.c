/* What the vtable and mimalloc behind it cost, against the process's malloc called directly.  */
#include "bench.h"
#include "mir.h"

#include <stdint.h>
#include <stdlib.h>

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

/* Blocks of 16 to 271 bytes replaced in random order.  */
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

int main (int argc, char **argv) {
  static const struct bench_side pairs[] = {{.name = "libc malloc + free", .run = pairs_by_malloc},
                                            {.name = "MIR_alloc", .run = pairs_by_vtable},
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
