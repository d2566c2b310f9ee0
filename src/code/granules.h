/* The granules of a slab: two bitmaps beside the code, never in it, say which are taken.

   granule   32 bytes, the unit of everything here; an index counts granules from the slab's start
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

#include "code/bits.h"

enum { MIR_GRANULE = 32 }; /* bytes */

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
  uint32_t word = first / 64;
  uint64_t ends = g->words[word].end >> first % 64 << first % 64;
  while (ends == 0) ends = g->words[++word].end;
  return word * 64 + mir_bits_lowest (ends);
}

/* The length of the block at FIRST.  */
static inline uint32_t mir_granules_block_len (const struct mir_granules *g, uint32_t first) {
  return mir_granules_block_last (g, first) - first + 1;
}

/* Make [FIRST, FIRST + N), a part of a run, a block that is not pinned.  */
static inline void mir_granules_take (struct mir_granules *g, uint32_t first, uint32_t n) {
  uint32_t bound = first + n, word = first / 64, last_word = (bound - 1) / 64;
  if (g->top < bound) g->top = bound;
  for (uint32_t begin = first % 64; word < last_word; word++, begin = 0)
    g->words[word].used |= ~(uint64_t) 0 << begin;
  uint32_t begin = word == first / 64 ? first % 64 : 0, end = (bound - 1) % 64;
  g->words[word].used |= mir_bits_mask (begin, end + 1);
  g->words[word].end |= (uint64_t) 1 << end;
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
  uint32_t word = i / 64;
  uint64_t taken = (g->words[word].used | g->words[word].end) >> i % 64 << i % 64;
  while (taken == 0) { /* ends at the latest below top, which follows a taken granule */
    word++;
    taken = g->words[word].used | g->words[word].end;
  }
  return word * 64 + mir_bits_lowest (taken);
}

/* The start of the run which holds the free granule before I; I if that is taken.  */
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

/* Free [FIRST, BOUND), all taken: a block, or a part of one that ends with it or before which the
   block ends now.  Sets *START to the start of the run which holds them and returns the length of
   that run.  */
static inline uint32_t mir_granules_release (struct mir_granules *g, uint32_t first, uint32_t bound,
                                             uint32_t *start) {
  uint32_t word = first / 64, last_word = (bound - 1) / 64;
  uint64_t mask = ~(uint64_t) 0 << first % 64;
  for (; word < last_word; word++, mask = ~(uint64_t) 0) {
    g->words[word].used &= ~mask;
    g->words[word].end &= ~mask;
  }
  mask &= mir_bits_mask (0, (bound - 1) % 64 + 1);
  g->words[word].used &= ~mask;
  g->words[word].end &= ~mask;
  *start = mir_granules_run_start (g, first);
  if (bound == g->top) {
    g->top = *start;
    bound = g->count;
  } else {
    bound = mir_granules_run_bound (g, bound);
  }
  return bound - *start;
}

#endif /* MIR_CODE_GRANULES_H */
