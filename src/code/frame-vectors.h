/* Vectors of descriptions, each followed by the first granule of its block, by which they are
   sorted.  Guarded by the lock of the slab's pool.  */
#ifndef MIR_CODE_FRAME_VECTORS_H
#define MIR_CODE_FRAME_VECTORS_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include <string.h> /* memcpy */

#include "code/unwinder.h"

static inline size_t mir_frame_vector_size (uint32_t capacity) {
  size_t size = sizeof (struct mir_frame_vector) + capacity * sizeof (const void *);
  return size + (capacity + 1) / 2 * 2 * sizeof (uint32_t);
}

/* The first granules of the blocks whose descriptions VECTOR has, ascending.  */
static inline uint32_t *mir_frame_vector_firsts (struct mir_frame_vector *vector,
                                                 uint32_t capacity) {
  return (uint32_t *) (void *) &vector->descriptions[capacity];
}

/* The number of entries in FIRSTS[0] ... FIRSTS[NUM - 1] that are below FIRST.  */
static inline size_t mir_frame_firsts_below (const uint32_t *firsts, size_t num, uint32_t first) {
  size_t low = 0;
  while (low < num) {
    size_t middle = low + (num - low) / 2;
    if (firsts[middle] < first)
      low = middle + 1;
    else
      num = middle;
  }
  return low;
}

/* Append entries to the vector TO, of CAPACITY: those of FROM between I and BOUND.  */
static inline void mir_frame_vector_copy (struct mir_frame_vector *to,
                                          struct mir_frame_vector *from, uint32_t capacity,
                                          size_t i, size_t bound) {
  if (i == bound) return;
  memcpy (&to->descriptions[to->num], &from->descriptions[i],
          (bound - i) * sizeof (from->descriptions[0]));
  memcpy (mir_frame_vector_firsts (to, capacity) + to->num,
          mir_frame_vector_firsts (from, capacity) + i, (bound - i) * sizeof (uint32_t));
  to->num += bound - i;
}

#endif /* MIR_CODE_FRAME_VECTORS_H */
