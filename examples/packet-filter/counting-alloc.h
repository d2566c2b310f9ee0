/* Allocators that count: an example of the two vtables that an embedder may pass to MIR_init2.

   Each wraps another allocator of its kind and passes every call on.  One thread at a time, since
   the counters are plain numbers.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_COUNTING_ALLOC_H
#define MIR_EXAMPLES_PACKET_FILTER_COUNTING_ALLOC_H

#include <stddef.h> /* size_t */

#include "mir-alloc.h"
#include "mir-code-alloc.h"

struct counting_alloc {
  struct MIR_alloc alloc; /* pass &counting.alloc */
  MIR_alloc_t inner;
  size_t calls; /* of malloc, calloc and realloc that succeeded */
  size_t live_blocks, live_bytes, peak_bytes;
};

struct counting_code_alloc {
  struct MIR_code_alloc alloc; /* pass &counting.alloc */
  MIR_code_alloc_t inner;
  size_t maps, mapped_bytes; /* in all */
  size_t live_bytes, peak_bytes;
  size_t protects; /* changes of protection */
};

/* INNER is kept by pointer and must outlive COUNTING, which must outlive every context made with
   it.  */
void counting_alloc_init (struct counting_alloc *counting, MIR_alloc_t inner);
void counting_code_alloc_init (struct counting_code_alloc *counting, MIR_code_alloc_t inner);

#endif /* MIR_EXAMPLES_PACKET_FILTER_COUNTING_ALLOC_H */
