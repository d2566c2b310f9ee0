/* The granules of a slab: bitmaps beside the code, never in it, say which are taken.

   granule   32 bytes, the unit of everything here; an index counts granules from the slab's start
   block     a code block: the neighbouring granules of one publication
   run       a free run: granules between two blocks, or between a block and an end of the slab

     used    1 1 1 1 1 0 0 0 1 1 0 ...     taken by a block
     end     0 0 1 0 1 0 0 0 0 1 0 ...     the last granule of a block: here blocks of 3, 2 and 2
     pinned  0 0 0 1 0 0 0 0 0 0 0 ...     the first granule of a block which may not be freed:
                                           not published yet, or freed but not reclaimed yet

   One thread at a time.  Nothing here allocates or fails.  Each function is a few instructions and
   is called many times for each block, hence inline.  */
#ifndef MIR_CODE_GRANULES_H
#define MIR_CODE_GRANULES_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include <string.h> /* memset */

#include "code/bits.h"

enum { MIR_GRANULE = 32 }; /* bytes */

#define MIR_NO_GRANULE UINT32_MAX /* no index */

struct mir_granules {
  uint64_t *used, *end, *pinned; /* bits from top on are 0 */
  uint32_t count;                /* granules of the slab */
  uint32_t top;                  /* behind the last block: all granules from here on are free */
};

/* The bytes of the bitmaps for COUNT granules.  */
static inline size_t mir_granules_size (size_t count) {
  return MIR_BITMAPS * ((count + 63) / 64) * sizeof (uint64_t);
}

/* Make all of COUNT granules free and keep their bitmaps in MEMORY, which has room for them.  */
static inline void mir_granules_init (struct mir_granules *g, void *memory, size_t count) {
  memset (memory, 0, mir_granules_size (count));
  g->count = (uint32_t) count;
  g->top = 0;
  g->used = (uint64_t *) memory;
  g->end = g->used + 1;
  g->pinned = g->used + 2;
}

/*---------------- Code blocks -----------------------------*/

/* Whether a block starts at I.  */
static inline int mir_granules_is_block (const struct mir_granules *g, uint32_t i) {
  return mir_bit (g->used, i) && (i == 0 || !mir_bit (g->used, i - 1) || mir_bit (g->end, i - 1));
}

/* The first granule of the block which holds I; MIR_NO_GRANULE if I is free.  A block starts behind
   the end of another block or behind a free granule.  */
static inline uint32_t mir_granules_block (const struct mir_granules *g, uint32_t i) {
  if (!mir_bit (g->used, i)) return MIR_NO_GRANULE;
  uint32_t behind_end = mir_bits_behind_previous (g->end, i, 0);
  uint32_t behind_free = mir_bits_behind_previous (g->used, i, ~(uint64_t) 0);
  return behind_end > behind_free ? behind_end : behind_free;
}

/* The length of the block at FIRST.  */
static inline uint32_t mir_granules_block_len (const struct mir_granules *g, uint32_t first) {
  return mir_bits_next (g->end, g->count, first, 0) - first + 1;
}

/* Make [FIRST, FIRST + N), a part of a run, a block.  */
static inline void mir_granules_take (struct mir_granules *g, uint32_t first, uint32_t n) {
  uint32_t bound = first + n;
  mir_bits_fill (g->used, first, bound, 1);
  mir_bit_set (g->end, bound - 1);
  if (g->top < bound) g->top = bound;
}

/* Split the block at FIRST, which is longer than N, into one of N granules and the rest.  */
static inline void mir_granules_split (struct mir_granules *g, uint32_t first, uint32_t n) {
  mir_bit_set (g->end, first + n - 1);
}

/* Whether the block at FIRST is pinned.  */
static inline int mir_granules_is_pinned (const struct mir_granules *g, uint32_t first) {
  return mir_bit (g->pinned, first);
}

/* Pin, or unpin, the block at FIRST.  */
static inline void mir_granules_pin (struct mir_granules *g, uint32_t first) {
  mir_bit_set (g->pinned, first);
}
static inline void mir_granules_unpin (struct mir_granules *g, uint32_t first) {
  mir_bit_clear (g->pinned, first);
}

/*---------------- Free runs -----------------------------*/

/* The first taken granule behind the free granule I, or count.  */
static inline uint32_t mir_granules_run_bound (const struct mir_granules *g, uint32_t i) {
  uint32_t bound = mir_bits_next (g->used, g->top, i, 0);
  return bound < g->top ? bound : g->count;
}

/* The length of the run which starts at I; 0: none starts there.  */
static inline uint32_t mir_granules_run_len (const struct mir_granules *g, uint32_t i) {
  if (i >= g->count || mir_bit (g->used, i) || (i > 0 && !mir_bit (g->used, i - 1))) return 0;
  return mir_granules_run_bound (g, i) - i;
}

/* The start of the first run from I on; MIR_NO_GRANULE if there is none.  */
static inline uint32_t mir_granules_next_run (const struct mir_granules *g, uint32_t i) {
  i = mir_bits_next (g->used, g->count, i, ~(uint64_t) 0);
  return i < g->count ? i : MIR_NO_GRANULE;
}

/* Free the block at FIRST.  Sets *START to the start of the run which holds it now and returns the
   length of that run.  */
static inline uint32_t mir_granules_release (struct mir_granules *g, uint32_t first,
                                             uint32_t *start) {
  uint32_t bound = first + mir_granules_block_len (g, first);
  mir_bits_fill (g->used, first, bound, 0);
  mir_bit_clear (g->end, bound - 1);
  mir_bit_clear (g->pinned, first);
  *start = mir_bits_behind_previous (g->used, first, 0);
  if (bound == g->top) {
    g->top = *start;
    bound = g->count;
  } else {
    bound = mir_granules_run_bound (g, bound);
  }
  return bound - *start;
}

#endif /* MIR_CODE_GRANULES_H */
