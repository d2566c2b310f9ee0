/* Replacing code that another thread is running: what an embedder does around MIR_code_free.

   thunk          the fixed address through which the other thread calls the filter of the moment
   grace period   until every call which may have begun in the old code has returned  */
#ifndef PACKET_FILTER_SWAP_H
#define PACKET_FILTER_SWAP_H

#include "runtime.h"

struct swap_result {
  size_t swaps;
  size_t packets; /* run by the other thread meanwhile */
  size_t astray;  /* results that neither the old nor the new filter has */
};

/* Start a thread which runs packets through a thunk, and compile, redirect, free, wait and reclaim
   SWAPS times, going round the filters of RT.  Fails when memory is refused; then too the thread
   has ended, and all code is the context's.  There must be a JIT.  */
void swap_filters (struct runtime *rt, size_t swaps, struct swap_result *result);

#endif /* PACKET_FILTER_SWAP_H */
