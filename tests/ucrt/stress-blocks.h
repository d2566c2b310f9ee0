/* Blocks of every kind with contents that tell whether they are whole, and one random step on a
 * block.  */

#ifndef STRESS_BLOCKS_H
#define STRESS_BLOCKS_H

#include <stddef.h> /* size_t */

#include <stdint.h> /* uint64_t */

enum stress_kind {
  STRESS_MALLOC,
  STRESS_CALLOC,
  STRESS_STRDUP,
  STRESS_WCSDUP,
  STRESS_ALIGNED,
  STRESS_OFFSET,
  STRESS_KINDS
};

struct stress_block {
  unsigned char *p;
  size_t size; /* as asked for, bytes */
  size_t alignment, offset;
  enum stress_kind kind;
  unsigned char seed; /* of the contents */
  size_t reach; /* what _recalloc takes for the size: a heap need not make a block smaller that
                   shrinks */
  volatile long taken; /* by a thread which works on it */
  unsigned steps;      /* that were made on it */
};

/* A random number of the sequence whose state is STATE.  */
uint64_t stress_random (uint64_t *state);

/* Make BLOCK a new one of a random kind.  0, or -1 if there is no memory.  */
int stress_make (struct stress_block *block, uint64_t *state);
/* Check BLOCK, and reallocate, resize, measure or replace it; with recalloc of the aligned kinds if
   ALIGNED_RECALLOC.  NULL, or what is wrong.  */
const char *stress_step (struct stress_block *block, uint64_t *state, int aligned_recalloc);
/* Have BLOCK moved by a reallocation.  NULL, or what is wrong.  */
const char *stress_move (struct stress_block *block);
void stress_free (struct stress_block *block);

#endif /* STRESS_BLOCKS_H */
