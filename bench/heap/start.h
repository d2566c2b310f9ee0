/* What the programs that bench-heap-start starts do: a few blocks of many sizes.  */
#ifndef MIR_BENCH_HEAP_START_H
#define MIR_BENCH_HEAP_START_H

#include <stddef.h> /* size_t, NULL */
#include <string.h>

/* 0, or 1 if ALLOCATE (SIZE, DATA) refuses.  */
static inline int make_blocks (void *(*allocate) (size_t size, void *data), void *data) {
  for (size_t size = 16; size <= 1024; size += 20) {
    void *block = allocate (size, data);
    if (block == NULL) return 1;
    memset (block, 1, size);
  }
  return 0;
}

#endif /* MIR_BENCH_HEAP_START_H */
