/* Blocks of every kind whose contents show whether they are intact, and one random step on a
   block.  */

#ifndef MIR_TESTS_UCRT_STRESS_BLOCKS_H
#define MIR_TESTS_UCRT_STRESS_BLOCKS_H

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
  unsigned char seed;  /* of the contents */
  size_t reach;        /* what _recalloc takes for the size: shrinking may keep the block */
  volatile long taken; /* 1: a thread works on it */
  unsigned steps;      /* steps made on it */
};

/* The next random number of the sequence with state STATE.  */
uint64_t stress_random (uint64_t *state);

/* Allocate BLOCK anew, of a random kind.  0, or -1 if there is no memory.  */
int stress_make (struct stress_block *block, uint64_t *state);
/* Check BLOCK, then reallocate, resize, measure or replace it; ALIGNED_RECALLOC allows the recalloc
   functions of the aligned kinds.  NULL, or what is wrong.  */
const char *stress_step (struct stress_block *block, uint64_t *state, int aligned_recalloc);
/* Make a reallocation move BLOCK.  NULL, or what is wrong.  */
const char *stress_move (struct stress_block *block);
void stress_free (struct stress_block *block);

#endif /* MIR_TESTS_UCRT_STRESS_BLOCKS_H */
