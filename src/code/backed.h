/* Which parts of a mapping have memory: a bitmap with a bit for each unit of 4096 bytes, which
   divide every page.  A store where the bit is 0 may be refused with a signal: the system may have
   no page for it.

   Offsets are bytes from the start of the mapping.  One thread at a time.  Nothing here allocates
   or fails.  */
#ifndef MIR_CODE_BACKED_H
#define MIR_CODE_BACKED_H

#include <stddef.h> /* size_t */
#include <stdint.h>

enum { MIR_BACKED_UNIT = 4096 }; /* bytes */

/* The bytes of the bitmap for a mapping of LEN bytes.  */
static inline size_t mir_backed_size (size_t len) {
  return (len / MIR_BACKED_UNIT + 63) / 64 * sizeof (uint64_t);
}

/* Whether the unit that holds OFFSET has memory.  */
static inline int mir_is_backed (const uint64_t *backed, size_t offset) {
  size_t unit = offset / MIR_BACKED_UNIT;
  return (int) (backed[unit / 64] >> unit % 64 & 1);
}

/* Whether all of [START, BOUND) has memory.  0: it may have, too, if it is long.  */
static inline int mir_are_backed (const uint64_t *backed, size_t start, size_t bound) {
  size_t first = start / MIR_BACKED_UNIT, last = (bound - 1) / MIR_BACKED_UNIT;
  uint64_t mask = ~(uint64_t) 0 >> (63 - (last - first) % 64) << first % 64;
  return first / 64 == last / 64 && (backed[first / 64] & mask) == mask;
}

/* Note that the units of [START, BOUND) have memory, IS_BACKED 1, or have none, 0.  */
static inline void mir_backed_set (uint64_t *backed, size_t start, size_t bound, int is_backed) {
  for (size_t unit = start / MIR_BACKED_UNIT; unit * MIR_BACKED_UNIT < bound; unit++) {
    uint64_t bit = (uint64_t) 1 << unit % 64;
    if (is_backed)
      backed[unit / 64] |= bit;
    else
      backed[unit / 64] &= ~bit;
  }
}

/* The start of the first unit in [START, BOUND) with memory, IS_BACKED 1, or without, 0; BOUND if
   there is none.  START is that of a unit.  */
static inline size_t mir_backed_next (const uint64_t *backed, size_t start, size_t bound,
                                      int is_backed) {
  while (start < bound && mir_is_backed (backed, start) != is_backed) start += MIR_BACKED_UNIT;
  return start < bound ? start : bound;
}

#endif /* MIR_CODE_BACKED_H */
