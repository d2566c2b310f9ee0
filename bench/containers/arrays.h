/* Growing arrays to compare.  */
#ifndef BENCH_CONTAINERS_ARRAYS_H
#define BENCH_CONTAINERS_ARRAYS_H

#include <stddef.h> /* size_t */

#ifdef __cplusplus
extern "C" {
#endif

enum { ARRAY_OPS = 100000, ARRAY_PASSES = 10, ARRAY_PASS_OPS = ARRAY_OPS / ARRAY_PASSES };

/* Every subject about arrays, printed and noted.  */
void compare_arrays (void);

/* Push ARRAY_OPS numbers into a new array, and end it; the same with pieces of text, but empty it
   before each pass: whose capacities suit the number of bytes would be chance.  */
void push_ints_std (void);
void push_texts_std (void);

extern size_t array_mean; /* bytes of a piece; below 64 they differ */
extern const char array_text[];

/* The length of the Ith piece.  */
static inline size_t array_piece (size_t i) {
  return array_mean < 64 ? 1 + i * 7 % (2 * array_mean - 1) : array_mean;
}

#ifdef __cplusplus
}
#endif

#endif /* BENCH_CONTAINERS_ARRAYS_H */
