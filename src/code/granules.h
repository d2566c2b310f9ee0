/* The granules of a slab: two bitmaps beside the code, never in it, say which are taken.

   granule   the unit of everything here, 32 bytes where code is and 8 where data is; an index counts
             granules from the slab's start
   block     a code block: the neighbouring granules of one publication
   run       a free run: granules between two blocks, or between a block and an end of the slab
   pinned    of a block: it may not be freed, since it is not published yet, or freed but not
             reclaimed yet

   Each granule has two bits, `used` and `end`, and so one of four states:

     used  1 1 1 1 0 0 0 0 1 0 0 ...     1 0  in a block, with more of it behind
     end   0 0 1 0 1 0 0 0 0 1 0 ...     1 1  the last granule of a block
           - block - pin. free pin. free 0 1  the last granule of a pinned block
                                         0 0  free

   The words of both bitmaps alternate, so that all bits about one place are in one cache line.
   One thread at a time.  Nothing here allocates or fails.  Each function is a few instructions and
   is called many times for each block, hence inline.  */
#ifndef MIR_CODE_GRANULES_H
#define MIR_CODE_GRANULES_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include <string.h> /* memset */

#include "bits.h"

enum {
  MIR_CODE_SHIFT = 5, /* the bits of an offset in a granule: of code, of data */
  MIR_DATA_SHIFT = 3,
  MIR_GRANULE = 1 << MIR_CODE_SHIFT /* bytes */
};

#define MIR_NO_GRANULE UINT32_MAX /* no index */

/* The bits of 64 granules.  */
struct mir_granule_word {
  uint64_t used, end;
};

struct mir_granules {
  struct mir_granule_word *words; /* bits from top on are 0 */
  uint32_t count;                 /* granules of the slab */
  uint32_t top;                   /* behind the last block: all granules from here on are free */
};

/* The bytes of the bitmaps for COUNT granules.  */
static inline size_t mir_granules_size (size_t count) {
  return (count + 63) / 64 * sizeof (struct mir_granule_word);
}

/* Make all of COUNT granules free and keep their bitmaps in MEMORY, which has room for them.  */
static inline void mir_granules_init (struct mir_granules *g, void *memory, size_t count) {
  memset (memory, 0, mir_granules_size (count));
  g->words = (struct mir_granule_word *) memory;
  g->count = (uint32_t) count;
  g->top = 0;
}

/* Whether I is taken by a block; whether it is in a block and not its last granule.  */
static inline int mir_granules_is_taken (const struct mir_granules *g, uint32_t i) {
  const struct mir_granule_word *word = &g->words[i / 64];
  return (int) ((word->used | word->end) >> i % 64 & 1);
}

static inline int mir_granules_is_inner (const struct mir_granules *g, uint32_t i) {
  const struct mir_granule_word *word = &g->words[i / 64];
  return (int) ((word->used & ~word->end) >> i % 64 & 1);
}

/*---------------- Code blocks -----------------------------*/

/* Whether a block starts at I.  */
static inline int mir_granules_is_block (const struct mir_granules *g, uint32_t i) {
  return mir_granules_is_taken (g, i) && (i == 0 || !mir_granules_is_inner (g, i - 1));
}

/* The first granule of the block which holds I; MIR_NO_GRANULE if I is free.  */
static inline uint32_t mir_granules_block (const struct mir_granules *g, uint32_t i) {
  if (!mir_granules_is_taken (g, i)) return MIR_NO_GRANULE;
  while (i > 0) { /* back to the last granule that is not an inner one */
    const struct mir_granule_word *word = &g->words[(i - 1) / 64];
    uint64_t others = ~(word->used & ~word->end) << (63 - (i - 1) % 64);
    if (others != 0) return i - 63 + mir_bits_highest (others);
    i = (i - 1) / 64 * 64;
  }
  return 0;
}

/* The last granule of the block at FIRST.  */
static inline uint32_t mir_granules_block_last (const struct mir_granules *g, uint32_t first) {
  const struct mir_granule_word *word = &g->words[first / 64];
  uint64_t ends = word->end >> first % 64;
  if (ends != 0) return first + mir_bits_lowest (ends);
  do word++;
  while (word->end == 0);
  return (uint32_t) (word - g->words) * 64 + mir_bits_lowest (word->end);
}

/* The length of the block at FIRST.  */
static inline uint32_t mir_granules_block_len (const struct mir_granules *g, uint32_t first) {
  return mir_granules_block_last (g, first) - first + 1;
}

/* Make [FIRST, FIRST + N), a part of a run, a block that is not pinned.  */
static inline void mir_granules_take (struct mir_granules *g, uint32_t first, uint32_t n) {
  uint32_t bound = first + n;
  struct mir_granule_word *word = &g->words[first / 64], *last = &g->words[(bound - 1) / 64];
  uint64_t added = ~(uint64_t) 0 << first % 64;
  if (g->top < bound) g->top = bound;
  for (; word < last; word++, added = ~(uint64_t) 0) word->used |= added;
  word->used |= added & ~(uint64_t) 0 >> (63 - (bound - 1) % 64);
  word->end |= (uint64_t) 1 << (bound - 1) % 64;
}

/* Whether the block whose last granule is LAST is pinned; pin or unpin it.  */
static inline int mir_granules_is_pinned (const struct mir_granules *g, uint32_t last) {
  return !(int) (g->words[last / 64].used >> last % 64 & 1);
}

static inline void mir_granules_pin (struct mir_granules *g, uint32_t last) {
  g->words[last / 64].used &= ~((uint64_t) 1 << last % 64);
}

static inline void mir_granules_unpin (struct mir_granules *g, uint32_t last) {
  g->words[last / 64].used |= (uint64_t) 1 << last % 64;
}

/* Unpin all blocks whose last granules are in [FIRST, BOUND).  */
static inline void mir_granules_unpin_all (struct mir_granules *g, uint32_t first, uint32_t bound) {
  while (first < bound) {
    uint32_t next = (first / 64 + 1) * 64 < bound ? (first / 64 + 1) * 64 : bound;
    struct mir_granule_word *word = &g->words[first / 64];
    word->used |= word->end & mir_bits_mask (first % 64, first % 64 + (next - first));
    first = next;
  }
}

/* Let the block which holds LAST, not its last granule, end there, pinned or not; the granules
   behind are to be cleared.  */
static inline void mir_granules_end_at (struct mir_granules *g, uint32_t last, int pinned) {
  g->words[last / 64].end |= (uint64_t) 1 << last % 64;
  if (pinned) mir_granules_pin (g, last);
}

/*---------------- Free runs -----------------------------*/

/* The first taken granule from I on, or count.  */
static inline uint32_t mir_granules_run_bound (const struct mir_granules *g, uint32_t i) {
  if (i >= g->top) return g->count;
  const struct mir_granule_word *word = &g->words[i / 64];
  uint64_t taken = (word->used | word->end) >> i % 64;
  if (taken != 0) return i + mir_bits_lowest (taken);
  do /* ends at the latest below top, which follows a taken granule */
    word++;
  while ((taken = word->used | word->end) == 0);
  return (uint32_t) (word - g->words) * 64 + mir_bits_lowest (taken);
}

/* The start of the run which holds the granule before I; I if that is taken.  */
static inline uint32_t mir_granules_run_start (const struct mir_granules *g, uint32_t i) {
  while (i > 0) {
    const struct mir_granule_word *word = &g->words[(i - 1) / 64];
    uint64_t taken = (word->used | word->end) << (63 - (i - 1) % 64);
    if (taken != 0) return i - 63 + mir_bits_highest (taken);
    i = (i - 1) / 64 * 64;
  }
  return 0;
}

/* The length of the run which starts at I; 0: none starts there.  */
static inline uint32_t mir_granules_run_len (const struct mir_granules *g, uint32_t i) {
  if (i >= g->count || mir_granules_is_taken (g, i) || (i > 0 && !mir_granules_is_taken (g, i - 1)))
    return 0;
  return mir_granules_run_bound (g, i) - i;
}

/* The start of the first run from I on, I not within a run; MIR_NO_GRANULE if there is none.  */
static inline uint32_t mir_granules_next_run (const struct mir_granules *g, uint32_t i) {
  while (i < g->count) {
    const struct mir_granule_word *word = &g->words[i / 64];
    uint64_t free = ~(word->used | word->end) >> i % 64;
    if (free != 0) {
      i += mir_bits_lowest (free);
      return i < g->count ? i : MIR_NO_GRANULE;
    }
    i = (i / 64 + 1) * 64;
  }
  return MIR_NO_GRANULE;
}

/* Clear the bits of [FIRST, BOUND).  */
static inline void mir_granules_clear (struct mir_granules *g, uint32_t first, uint32_t bound) {
  struct mir_granule_word *word = &g->words[first / 64], *last = &g->words[(bound - 1) / 64];
  uint64_t kept = ~(~(uint64_t) 0 << first % 64);
  for (; word < last; word++, kept = 0) {
    word->used &= kept;
    word->end &= kept;
  }
  kept |= ~(~(uint64_t) 0 >> (63 - (bound - 1) % 64));
  word->used &= kept;
  word->end &= kept;
}

/* Free [FIRST, BOUND), all taken: a block, or its last granules, before which it ends already, or
   its first ones.  Returns the start of the run that holds them now; MIR_NO_GRANULE if that is some
   way off.  */
static inline uint32_t mir_granules_release (struct mir_granules *g, uint32_t first,
                                             uint32_t bound) {
  mir_granules_clear (g, first, bound);
  if (bound == g->top) return g->top = mir_granules_run_start (g, first);
  if (first == 0) return 0;
  const struct mir_granule_word *word = &g->words[(first - 1) / 64];
  uint64_t taken = (word->used | word->end) << (63 - (first - 1) % 64);
  return taken != 0 ? first - mir_bits_leading_zeros (taken) : MIR_NO_GRANULE;
}

#endif /* MIR_CODE_GRANULES_H */
