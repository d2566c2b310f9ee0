/* Scans of words of 64 bits.  One thread at a time; the caller keeps indices in range.  */
#ifndef MIR_BITS_H
#define MIR_BITS_H

#include <stdint.h>

/* The index of the lowest, or highest, set bit of WORD, which is not 0.  */
static inline uint32_t mir_bits_lowest (uint64_t word) {
  return (uint32_t) __builtin_ctzll (word);
}

static inline uint32_t mir_bits_highest (uint64_t word) {
  return 63 - (uint32_t) __builtin_clzll (word);
}

/* The zeros above the highest set bit of WORD, which is not 0.  */
static inline uint32_t mir_bits_leading_zeros (uint64_t word) {
  return (uint32_t) __builtin_clzll (word);
}

/* The bits [FIRST, BOUND) of a word; FIRST < BOUND <= 64.  */
static inline uint64_t mir_bits_mask (uint32_t first, uint32_t bound) {
  return ~(uint64_t) 0 >> (64 - (bound - first)) << first;
}

#endif /* MIR_BITS_H */
