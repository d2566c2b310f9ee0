/* Links filters anew while another thread runs them, and frees the old ones.

   When ORC removes a unit its memory is free at once, whoever may be running in it.  So the old
   unit is removed only when the other thread has been quiescent: when it has returned from every
   call that began before the new unit was in place.  */
#ifndef MIR_EXAMPLES_LLVM_FILTER_RELINK_H
#define MIR_EXAMPLES_LLVM_FILTER_RELINK_H

#include "llvm-runtime.h"

struct relink_result {
  size_t swaps;
  size_t packets; /* that the other thread has run */
  size_t matches; /* among them, as that thread counted them */
  size_t counted; /* and as the units counted them, each in data of its own */
  size_t astray;  /* packets whose result is neither the old nor the new filter's */
};

/* Start a thread that runs packets through a pointer to a function; then link a filter of LR, change
   the pointer, wait and free the old unit, SWAPS times, with all filters in turn.  Fails if memory
   is refused; the thread has ended then.  */
void relink_filters (struct llvm_runtime *lr, size_t swaps, struct relink_result *result);

#endif /* MIR_EXAMPLES_LLVM_FILTER_RELINK_H */
