/* Bitmaps which are interleaved word by word, so that all bits about one place are in one cache line or
   two.
   A bitmap is the address of its first word; its next word is MIR_BITMAPS words further.  One
   thread at a time; the caller keeps indices in range.  */
#ifndef MIR_CODE_BITS_H
#define MIR_CODE_BITS_H

#include <stdint.h>

enum { MIR_BITMAPS = 3 }; /* that share each group of words */

/* Bit I.  */
static inline int mir_bit (const uint64_t *bitmap, uint32_t i) {
  return (int) (bitmap[i / 64 * MIR_BITMAPS] >> i % 64 & 1);
}

/* The index of the lowest, or highest, set bit of WORD, which is not 0.  */
static inline uint32_t mir_bits_lowest (uint64_t word) {
  return (uint32_t) __builtin_ctzll (word);
}

/* See above.  */
static inline uint32_t mir_bits_highest (uint64_t word) {
  return 63 - (uint32_t) __builtin_clzll (word);
}

/* Set (VALUE 1) or clear the bits [FIRST, BOUND).  */
static inline void mir_bits_fill (uint64_t *bitmap, uint32_t first, uint32_t bound, int value) {
  while (first < bound) {
    uint32_t end = (first / 64 + 1) * 64 < bound ? (first / 64 + 1) * 64 : bound;
    uint64_t mask = ~(uint64_t) 0 >> (64 - (end - first)) << first % 64;
    if (value)
      bitmap[first / 64 * MIR_BITMAPS] |= mask;
    else
      bitmap[first / 64 * MIR_BITMAPS] &= ~mask;
    first = end;
  }
}

/* The first bit from I on which is 1 (FLIP 0) or 0 (FLIP all ones); COUNT if there is none.  */
static inline uint32_t mir_bits_next (const uint64_t *bitmap, uint32_t count, uint32_t i,
                                      uint64_t flip) {
  while (i < count) {
    uint64_t word = (bitmap[i / 64 * MIR_BITMAPS] ^ flip) >> i % 64;
    if (word != 0) {
      i += mir_bits_lowest (word);
      return i < count ? i : count;
    }
    i = (i / 64 + 1) * 64;
  }
  return count;
}

/* One more than the last bit before I which is 1 (FLIP 0) or 0 (FLIP all ones); 0 if there is
   none.  */
static inline uint32_t mir_bits_behind_previous (const uint64_t *bitmap, uint32_t i,
                                                 uint64_t flip) {
  while (i > 0) {
    uint64_t word = (bitmap[(i - 1) / 64 * MIR_BITMAPS] ^ flip) << (63 - (i - 1) % 64);
    if (word != 0) return i - 63 + mir_bits_highest (word);
    i = (i - 1) / 64 * 64;
  }
  return 0;
}

/* Set bit I; clear it.  */
static inline void mir_bit_set (uint64_t *bitmap, uint32_t i) {
  bitmap[i / 64 * MIR_BITMAPS] |= (uint64_t) 1 << i % 64;
}

static inline void mir_bit_clear (uint64_t *bitmap, uint32_t i) {
  bitmap[i / 64 * MIR_BITMAPS] &= ~((uint64_t) 1 << i % 64);
}

#endif /* MIR_CODE_BITS_H */
