/* Checks whether a MIR_alloc keeps the contract of mir-alloc.h: the same run for all allocators and
   all adapters.

   The run uses CHECK, and frees every block at the end.  One thread at a time, except
   conformance_churn, which any thread may call.  */
#ifndef MIR_TESTS_SUPPORT_CONFORMANCE_H
#define MIR_TESTS_SUPPORT_CONFORMANCE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  CONFORM_ALL = 0,
  CONFORM_NO_HUGE = 1 /* skip sizes that no allocator can have */
};

/* Sizes, alignment, zeroes, overflow, resizing, failure, size 0, NULL.  */
void conformance_run (MIR_alloc_t alloc, unsigned quirks);
/* Run STEPS random operations on random sizes and compare the blocks with a model.  The number of
   blocks with wrong contents or alignment, and of refusals.  */
size_t conformance_churn (MIR_alloc_t alloc, uint64_t seed, size_t steps);
/* A scenario that survives any refusal and frees everything.  The number of blocks with wrong
   contents afterwards; 0 is success.  */
size_t conformance_scenario (MIR_alloc_t alloc);
/* Check that no shrink is refused, and none loses bytes, while every call that allocates fails
   below, and that the blocks are whole afterwards: they can grow, shrink and end.  REFUSE (ARG, 1)
   makes such calls fail, REFUSE (ARG, 0) succeed.  */
void conformance_shrinks (MIR_alloc_t alloc, void (*refuse) (void *arg, int on), void *arg);
/* The opposite, for an allocator that passes its calls on: every shrink is refused as they are, and
   the blocks stay as they were.  */
void conformance_refuses_shrinks (MIR_alloc_t alloc, void (*refuse) (void *arg, int on), void *arg);

#ifdef __cplusplus
}
#endif

#endif /* MIR_TESTS_SUPPORT_CONFORMANCE_H */
