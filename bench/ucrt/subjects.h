/* Jobs for malloc and its relatives, and for C++'s new, run as they are or with mir-ucrt.dll.

   A subject has blocks that live before it is timed.  Its first pass touches each of them once:
   foreign blocks are freed to their heap or moved from it.  Later passes see only blocks allocated
   since.  */

#ifndef MIR_BENCH_UCRT_SUBJECTS_H
#define MIR_BENCH_UCRT_SUBJECTS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct subject {
  const char *name;
  void (*prepare) (void);     /* makes the blocks; called once */
  size_t (*pass) (int first); /* returns the number of operations; first: every block once */
};

extern const struct subject mix, larson_1, larson_2, grow, aligned, churn;

/* The subject of blocks in one of mimalloc's size classes, named "class LARGEST", the most bytes
   that a block of the class holds, or "edge LARGEST": all blocks have that size.  NULL for another
   NAME.  Only one of these can be in use.  */
const struct subject *class_subject (const char *name);

/* Random numbers; each sequence has its own state, which is not 0.  Marsaglia's xorshift64.  */
static inline uint64_t random_next (uint64_t *state) {
  uint64_t x = *state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return *state = x;
}

/* Mostly small: 16..256 bytes; one in ten up to 4 KiB; one in a hundred up to 64 KiB.  */
static inline size_t random_size (uint64_t *state) {
  uint64_t r = random_next (state);
  size_t limit = r % 100 == 0 ? 65536 : r % 10 == 0 ? 4096 : 256;
  return 16 + (size_t) (r >> 32) % (limit - 15);
}

/* Write what is allocated, as a program would.  */
static inline void touch (void *block, size_t size) {
  unsigned char *bytes = (unsigned char *) block;
  bytes[0] = 1;
  bytes[size - 1] = 2;
}

void fail (const char *what); /* does not return */

#ifdef __cplusplus
}
#endif
#endif
