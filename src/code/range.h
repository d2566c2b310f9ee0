/* A reserved range of addresses, in which the slabs and the cells of a space are placed.  Under the
   lock of the space.  */
#ifndef MIR_CODE_RANGE_H
#define MIR_CODE_RANGE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "code/granules.h"

enum {
  MIR_RANGE_UNIT = 64 * 1024
}; /* bytes: what Windows maps at the least, and the largest page */

struct mir_range {
  uint8_t *start;
  size_t len;                /* bytes, whole units; 0: there is no range */
  struct mir_granules units; /* the same bookkeeping, by larger units */
};

/* The bookkeeping's size in bytes for a range of LEN bytes.  */
static inline size_t mir_range_bitmaps_size (size_t len) {
  return mir_granules_size (len / MIR_RANGE_UNIT);
}

/* Take LEN bytes, whole units; NULL if there is no such room.  */
uint8_t *mir_range_take (struct mir_range *range, size_t len);
/* Give back what mir_range_take returned.  */
void mir_range_release (struct mir_range *range, const uint8_t *start);

#endif /* MIR_CODE_RANGE_H */
