/* Freed pieces which wait for the end of a grace period, oldest first, but for those which could
   not be reclaimed at the first try: a ring of addresses.  It has room for every piece that there
   is, so nothing else is in it; the periods are kept apart, as runs of pieces.

     ring      a b c d e f g h i        periods   3 to d, 4 to h, 7 to i

   One thread at a time.  Memory is the caller's, who sees to it that there is room for every piece
   there is: freeing needs no memory.  */
#ifndef MIR_CODE_RETIRED_H
#define MIR_CODE_RETIRED_H

#include <stdint.h>

enum { MIR_PERIODS = 16 };

struct mir_retired_period {
  uint64_t grace; /* the latest one that had begun: its pieces wait for the end of a later one */
  uint32_t bound; /* behind its last piece, counted as `oldest` is */
};

struct mir_retired {
  const uint8_t **ring;
  uint32_t capacity; /* 0 or a power of two */
  uint32_t oldest;   /* counts up, modulo 2^32 */
  uint32_t num;
  uint32_t periods_num; /* oldest first */
  struct mir_retired_period periods[MIR_PERIODS];
};

/* Move to MEMORY, which has room for CAPACITY pieces, a power of two and more than now; return the
   old memory.  */
void *mir_retired_move (struct mir_retired *retired, void *memory, uint32_t capacity);
/* The piece at ADDR was freed when GRACE had begun.  When there are too many periods it joins the
   last one, and both wait for the end of the later.  */
void mir_retired_add (struct mir_retired *retired, const uint8_t *addr, uint64_t grace);
/* The oldest one, if its grace period is GRACE or an earlier one; else NULL.  */
const uint8_t *mir_retired_take (struct mir_retired *retired, uint64_t grace);

/* The one that is as many as I younger than the oldest.  */
static inline const uint8_t *mir_retired_at (const struct mir_retired *retired, uint32_t i) {
  return retired->ring[(retired->oldest + i) & (retired->capacity - 1)];
}

#endif /* MIR_CODE_RETIRED_H */
