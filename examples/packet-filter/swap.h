/* Replaces code that another thread is running: what an embedder does around MIR_code_free.

   thunk          a fixed address through which the other thread calls the current filter
   grace period   the time until every call that began in the old code has returned  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_SWAP_H
#define MIR_EXAMPLES_PACKET_FILTER_SWAP_H

#include "runtime.h"

struct swap_result {
  size_t swaps;
  size_t packets; /* that the other thread has run */
  size_t astray;  /* packets whose result is neither the old nor the new filter's */
};

/* Start a thread that runs packets through a thunk; then compile a filter of RT, redirect the
   thunk, free the old code, wait and reclaim it, SWAPS times, with all filters in turn.  Fails if
   memory is refused; the thread has ended then, and the context owns all code.  There must be a
   JIT.  */
void swap_filters (struct runtime *rt, size_t swaps, struct swap_result *result);

#endif /* MIR_EXAMPLES_PACKET_FILTER_SWAP_H */
