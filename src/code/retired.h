/* The retired blocks of a pool, freed and waiting for the end of a grace period: a ring of
   addresses, the oldest first.

   The ring has room for every code block of the pool, so an entry is an address and no more; the
   grace periods are kept beside it (periods.h).

   A pass takes blocks from the ring.  Those that could not be reclaimed are put back in front, and
   the pass leaves them there; the next one takes them again.

   One thread at a time.  The caller owns the memory and ensures that the ring has room for all
   blocks: freeing needs no memory.  */
#ifndef MIR_CODE_RETIRED_H
#define MIR_CODE_RETIRED_H

#include <stdint.h>

#include "code/periods.h"

enum {
  /* Added to the address of a block which is poisoned, and of which the hook `freed` was told, by a
     thread that only the parent of this process has.  */
  MIR_RETIRED_TOLD = 1
};

struct mir_retired {
  const uint8_t **ring;
  uint32_t capacity; /* 0 or a power of two */
  uint32_t oldest;   /* position of the oldest block; counts up, modulo 2^32 */
  uint32_t num;      /* blocks */
  uint32_t put_back; /* the oldest ones, which this pass has put back */
  struct mir_periods periods;
};

/* Move to MEMORY, which has room for CAPACITY blocks, a power of two and more than now.  Returns
   the old memory.  */
void *mir_retired_move (struct mir_retired *retired, void *memory, uint32_t capacity);
/* Add the block at ADDR, freed when GRACE had begun.  If all periods are in use it joins the last
   one, which then waits for the later end.  */
void mir_retired_add (struct mir_retired *retired, const uint8_t *addr, uint64_t grace);
/* Begin a pass.  */
void mir_retired_begin (struct mir_retired *retired);
/* Remove and return the oldest block which this pass has not had, if its grace period is GRACE or
   earlier; else NULL.  */
const uint8_t *mir_retired_take (struct mir_retired *retired, uint64_t grace);
/* Put back the block at ADDR, which mir_retired_take with GRACE has returned just before.  */
void mir_retired_put_back (struct mir_retired *retired, const uint8_t *addr, uint64_t grace);

/* The block at position I, counted from the oldest.  */
static inline const uint8_t *mir_retired_at (const struct mir_retired *retired, uint32_t i) {
  return retired->ring[(retired->oldest + i) & (retired->capacity - 1)];
}

#endif /* MIR_CODE_RETIRED_H */
