/* A reserved range of addresses, in which the slabs and the cells of a space are placed.  Guarded
   by the lock of the space.  */
#ifndef MIR_CODE_RANGE_H
#define MIR_CODE_RANGE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "code/granules.h"

/* Bytes: the smallest mapping on Windows, and the largest page.  */
enum { MIR_RANGE_UNIT = 64 * 1024 };

struct mir_range {
  uint8_t *start;
  size_t len;                /* bytes, whole units; 0: the space has no range */
  struct mir_granules units; /* the bitmaps of a slab, here with units for granules */
};

/* The bytes of the bitmaps for a range of LEN bytes.  */
static inline size_t mir_range_bitmaps_size (size_t len) {
  return mir_granules_size (len / MIR_RANGE_UNIT);
}

/* Take LEN bytes, whole units, at an address that is a multiple of ALIGNMENT, a power of two and more
   than a unit, if the range starts at that of a unit; or MIR_RANGE_UNIT: anywhere.  NULL if no free
   run is long enough.  */
uint8_t *mir_range_take (struct mir_range *range, size_t len, size_t alignment);
/* Give back the bytes at START, a result of mir_range_take.  */
void mir_range_release (struct mir_range *range, const uint8_t *start);

#endif /* MIR_CODE_RANGE_H */
