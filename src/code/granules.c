#include "code/granules.h"

#include <string.h> /* memset */

static int bit (const uint64_t *plane, uint32_t i) {
  return (int) (plane[i / 64] >> i % 64 & 1);
}

/* The lowest set bit of WORD, which is not 0.  */
static uint32_t lowest (uint64_t word) {
  return (uint32_t) __builtin_ctzll (word);
}

static uint32_t highest (uint64_t word) {
  return 63 - (uint32_t) __builtin_clzll (word);
}

/* Set (VALUE 1) or clear the bits [FIRST, BOUND), word by word.  */
static void fill (uint64_t *plane, uint32_t first, uint32_t bound, int value) {
  while (first < bound) {
    uint32_t end = (first / 64 + 1) * 64 < bound ? (first / 64 + 1) * 64 : bound;
    uint64_t mask = ~(uint64_t) 0 >> (64 - (end - first)) << first % 64;
    if (value)
      plane[first / 64] |= mask;
    else
      plane[first / 64] &= ~mask;
    first = end;
  }
}

/* The first bit at I or behind it which is 1 (FLIP 0) or 0 (FLIP all ones); COUNT if there is none.
 */
static uint32_t next_bit (const uint64_t *plane, uint32_t count, uint32_t i, uint64_t flip) {
  while (i < count) {
    uint64_t word = (plane[i / 64] ^ flip) >> i % 64;
    if (word != 0) {
      i += lowest (word);
      return i < count ? i : count;
    }
    i = (i / 64 + 1) * 64;
  }
  return count;
}

/* One more than the last bit before I which is 1 (FLIP 0) or 0 (FLIP all ones); 0 if there is none.
 */
static uint32_t behind_previous_bit (const uint64_t *plane, uint32_t i, uint64_t flip) {
  while (i > 0) {
    uint64_t word = (plane[(i - 1) / 64] ^ flip) << (63 - (i - 1) % 64);
    if (word != 0) return i - 63 + highest (word);
    i = (i - 1) / 64 * 64;
  }
  return 0;
}

/* Behind the free granule I: the first one that is taken, or count.  */
static uint32_t run_bound (const struct mir_granules *g, uint32_t i) {
  uint32_t bound = next_bit (g->used, g->top, i, 0);
  return bound < g->top ? bound : g->count;
}

void mir_granules_init (struct mir_granules *g, void *memory, size_t count) {
  memset (memory, 0, mir_granules_size (count));
  g->count = (uint32_t) count;
  g->top = 0;
  g->used = (uint64_t *) memory;
  g->stop = g->used + mir_granules_words (count);
  g->freed = g->stop + mir_granules_words (count);
}

void mir_granules_take (struct mir_granules *g, uint32_t first, uint32_t n) {
  uint32_t bound = first + n;
  fill (g->used, first, bound, 1);
  g->stop[(bound - 1) / 64] |= (uint64_t) 1 << (bound - 1) % 64;
  if (g->top < bound) g->top = bound;
}

uint32_t mir_granules_piece_len (const struct mir_granules *g, uint32_t first) {
  return next_bit (g->stop, g->count, first, 0) - first + 1;
}

uint32_t mir_granules_release (struct mir_granules *g, uint32_t first, uint32_t *start) {
  uint32_t bound = first + mir_granules_piece_len (g, first);
  fill (g->used, first, bound, 0);
  mir_granules_clear_freed (g, first);
  g->stop[(bound - 1) / 64] &= ~((uint64_t) 1 << (bound - 1) % 64);
  *start = behind_previous_bit (g->used, first, 0);
  if (bound == g->top) g->top = *start;
  return run_bound (g, *start) - *start;
}

/* A piece starts behind the end of another one or behind a free granule.  */
uint32_t mir_granules_piece (const struct mir_granules *g, uint32_t i) {
  uint32_t behind_stop, behind_free;
  if (!bit (g->used, i)) return MIR_NO_GRANULE;
  behind_stop = behind_previous_bit (g->stop, i, 0);
  behind_free = behind_previous_bit (g->used, i, ~(uint64_t) 0);
  return behind_stop > behind_free ? behind_stop : behind_free;
}

int mir_granules_is_piece (const struct mir_granules *g, uint32_t i) {
  return bit (g->used, i) && (i == 0 || !bit (g->used, i - 1) || bit (g->stop, i - 1));
}

uint32_t mir_granules_run_len (const struct mir_granules *g, uint32_t i) {
  if (i >= g->count || bit (g->used, i) || (i > 0 && !bit (g->used, i - 1))) return 0;
  return run_bound (g, i) - i;
}

uint32_t mir_granules_next_run (const struct mir_granules *g, uint32_t i) {
  i = next_bit (g->used, g->count, i, ~(uint64_t) 0);
  return i < g->count ? i : MIR_NO_GRANULE;
}

void mir_granules_split (struct mir_granules *g, uint32_t first, uint32_t n) {
  g->stop[(first + n - 1) / 64] |= (uint64_t) 1 << (first + n - 1) % 64;
}

int mir_granules_is_freed (const struct mir_granules *g, uint32_t first) {
  return bit (g->freed, first);
}

void mir_granules_set_freed (struct mir_granules *g, uint32_t first) {
  g->freed[first / 64] |= (uint64_t) 1 << first % 64;
}

void mir_granules_clear_freed (struct mir_granules *g, uint32_t first) {
  g->freed[first / 64] &= ~((uint64_t) 1 << first % 64);
}
