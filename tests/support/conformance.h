/* Whether a MIR_alloc keeps the contract of mir-alloc.h: one run for all of them and all adapters.

   CHECKs as it goes; every block is freed at the end.  One thread at a time, but for
   conformance_churn.  */
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
  CONFORM_NO_HUGE = 1 /* sizes which nobody can have are not tried */
};

/* Sizes, alignment, zeroes, overflow, resizing, failure, size 0, NULL.  */
void conformance_run (MIR_alloc_t alloc, unsigned quirks);
/* STEPS random operations on random sizes, compared with a model; the number of blocks whose
   contents were not what was written, alignment was wrong, or which were refused.  */
size_t conformance_churn (MIR_alloc_t alloc, uint64_t seed, size_t steps);
/* A scenario which survives any refusal, and gives everything back: 0, or how many blocks had wrong
   contents afterwards.  */
size_t conformance_scenario (MIR_alloc_t alloc);

#ifdef __cplusplus
}
#endif

#endif /* MIR_TESTS_SUPPORT_CONFORMANCE_H */
