/* The format of recorded allocations.

   A trace is the line "MIRTRACE1\n" and then calls, each a number, some with another one behind it.
   Numbers are 7 bits a byte, lowest first, the high bit set in all but the last.  The two lowest
   bits of a call's number say which:

   TRACE_MALLOC, TRACE_CALLOC   the rest is the size
   TRACE_FREE                   the rest says which slot
   TRACE_REALLOC                the same; the next number is the new size

   A slot is the number of a live block: a new block gets the slot freed last, or the next new one.
   A slot is written as its distance from the slot of the call before, folded so that small
   distances in both directions are small numbers.  A trace has no addresses, times or threads.  */
#ifndef MIR_BENCH_HEAP_TRACE_FORMAT_H
#define MIR_BENCH_HEAP_TRACE_FORMAT_H

#include <stdint.h>

#define TRACE_MAGIC "MIRTRACE1\n"

enum { TRACE_MALLOC, TRACE_CALLOC, TRACE_FREE, TRACE_REALLOC };

static inline uint64_t trace_fold (int64_t distance) {
  return (uint64_t) distance << 1 ^ (distance < 0 ? UINT64_MAX : 0);
}

static inline int64_t trace_unfold (uint64_t folded) {
  return (int64_t) (folded >> 1 ^ (0 - (folded & 1)));
}

#endif /* MIR_BENCH_HEAP_TRACE_FORMAT_H */
