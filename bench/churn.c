/* Replacing code: free one random piece of many, publish another of random size, 64 to 1024 bytes.
   The reference is the same with a slot of 1 KiB for each, which needs no search and twice the
   memory.  */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "bench.h"
#include "mir-code.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { OPS = 100000, MAX_LIVE = 50000, MAX_LEN = 1024 };

static uint8_t code[MAX_LEN];
static uint8_t *pieces[MAX_LIVE];
static size_t live;
static MIR_context_t ctx;

static uint32_t next_random (void) {
  static uint32_t state = 1;
  return state = state * 1664525u + 1013904223u; /* Numerical Recipes' generator */
}

static size_t next_len (void) {
  return 64 + (next_random () >> 8) % (MAX_LEN - 63);
}

static size_t next_victim (void) {
  return (size_t) ((uint64_t) next_random () * live >> 32);
}

static uint8_t *slots;

static void replace_slots (void) {
  for (int i = 0; i < OPS; i++) {
    memcpy (slots + next_victim () * MAX_LEN, code, next_len ());
    bench_touch (slots);
  }
}

static void replace_pieces (void) {
  for (int i = 0; i < OPS; i++) {
    size_t victim = next_victim ();
    MIR_code_free_now (MIR_get_code_space (ctx), pieces[victim]);
    pieces[victim] = _MIR_publish_code (ctx, code, next_len ());
  }
}

static int compare (const char *subject, size_t pieces_num) {
  static const struct bench_side sides[] = {{"copy to a slot of 1 KiB", replace_slots},
                                            {"free and publish", replace_pieces},
                                            {NULL, NULL}};
  MIR_code_stats_t stats;
  void *memory = mmap (NULL, (size_t) MAX_LIVE * MAX_LEN, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ctx = MIR_init ();
  if (ctx == NULL || memory == MAP_FAILED) return 1;
  slots = (uint8_t *) memory;
  live = pieces_num;
  for (size_t i = 0; i < live; i++) pieces[i] = _MIR_publish_code (ctx, code, next_len ());
  bench_compare (subject, OPS, sides);
  MIR_code_get_stats (MIR_get_code_space (ctx), &stats);
  printf ("  %-34s %10.2f mapped bytes for each byte of a piece\n", "memory",
          (double) stats.mapped_bytes / (double) stats.piece_bytes);
  MIR_finish (ctx);
  munmap (memory, (size_t) MAX_LIVE * MAX_LEN);
  return 0;
}

int main (int argc, char **argv) {
  bench_start (argc, argv);
  return compare ("churn: 10000 pieces live", 10000)
         + compare ("churn: 50000 pieces live", MAX_LIVE);
}
