/* Sums of blocks.  */
#ifndef MIR_REPORT_SUM_H
#define MIR_REPORT_SUM_H

#include <stdint.h>

struct sum {
  uint64_t blocks, bytes;
};

/* One block of SIZE bytes more, or less.  */
static inline void sum_add (struct sum *sum, uint64_t size) {
  sum->blocks++;
  sum->bytes += size;
}

static inline void sum_subtract (struct sum *sum, uint64_t size) {
  sum->blocks--;
  sum->bytes -= size;
}

static inline void sum_join (struct sum *sum, const struct sum *other) {
  sum->blocks += other->blocks;
  sum->bytes += other->bytes;
}

static inline void sum_separate (struct sum *sum, const struct sum *part) {
  sum->blocks -= part->blocks;
  sum->bytes -= part->bytes;
}

#endif /* MIR_REPORT_SUM_H */
