/* Freed pieces which wait for the end of a grace period, oldest first, but for those which could
   not be reclaimed at the first try: a ring.

   One thread at a time.  Memory is the caller's, who sees to it that there is room for every piece
   there is: freeing needs no memory.  */
#ifndef MIR_CODE_RETIRED_H
#define MIR_CODE_RETIRED_H

#include <stddef.h> /* size_t */
#include <stdint.h>

struct mir_slab;

struct mir_retired_piece {
  struct mir_slab *slab;
  uint32_t first;    /* granule */
  uint32_t granules; /* its length */
  uint64_t grace; /* the latest grace period that had begun: it waits for the end of a later one */
};

struct mir_retired {
  struct mir_retired_piece *ring;
  uint32_t capacity; /* 0 or a power of two */
  uint32_t oldest;   /* counts up, modulo 2^32 */
  uint32_t num;
};

/* Move to MEMORY, which has room for CAPACITY pieces, a power of two and more than now; return the
   old memory.  */
void *mir_retired_move (struct mir_retired *retired, void *memory, uint32_t capacity);
void mir_retired_add (struct mir_retired *retired, const struct mir_retired_piece *piece);
/* The oldest one becomes *PIECE if its grace period is GRACE or an earlier one.  0, or -1.  */
int mir_retired_take (struct mir_retired *retired, uint64_t grace, struct mir_retired_piece *piece);

/* The one that is as many as I younger than the oldest.  */
static inline struct mir_retired_piece *mir_retired_at (const struct mir_retired *retired,
                                                        uint32_t i) {
  return &retired->ring[(retired->oldest + i) & (retired->capacity - 1)];
}

#endif /* MIR_CODE_RETIRED_H */
