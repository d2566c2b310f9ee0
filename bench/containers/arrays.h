/* Benchmarks of growing arrays.  */
#ifndef MIR_BENCH_CONTAINERS_ARRAYS_H
#define MIR_BENCH_CONTAINERS_ARRAYS_H

#include <stddef.h> /* size_t */

#ifdef __cplusplus
extern "C" {
#endif

enum { ARRAY_OPS = 100000, ARRAY_PASSES = 10, ARRAY_PASS_OPS = ARRAY_OPS / ARRAY_PASSES };

/* Run all subjects about arrays.  */
void compare_arrays (void);

/* Push ARRAY_OPS numbers into a new array and destroy it.  The same with parts of a text, but empty
   the array before each pass, so that it does not matter whose capacities suit the number of
   bytes.  */
void push_ints_std (void);
void push_texts_std (void);

extern size_t array_mean; /* bytes of a part; below 64 the lengths vary */
extern const char array_text[];

/* The length of the Ith part.  */
static inline size_t array_piece (size_t i) {
  return array_mean < 64 ? 1 + i * 7 % (2 * array_mean - 1) : array_mean;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_BENCH_CONTAINERS_ARRAYS_H */
