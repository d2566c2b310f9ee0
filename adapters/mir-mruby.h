/* An adapter that gives an mruby interpreter the memory of a MIR_alloc: mrb_allocf.

   mruby 3.3.0 has one function for all, frees NULL through it and makes blocks smaller.  When memory
   is refused it collects garbage and tries again, then raises NoMemoryError.  3.3.0 survived each
   refusal that was tried, 3.1.0 does not always.  A refused shrink is an error; the function here
   refuses none.  Nothing goes around.  (2026-11)  */
#ifndef MIR_MRUBY_H
#define MIR_MRUBY_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <mruby.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* For mrb_open_allocf (MIR_mruby_alloc, alloc); ALLOC must outlive mrb_close.  One thread at a time in
   an interpreter.  */
static inline void *MIR_mruby_alloc (mrb_state *state, void *ptr, size_t size, void *alloc) {
  (void) state;
  if (size != 0) return mir_headed_realloc ((MIR_alloc_t) alloc, ptr, size);
  mir_headed_free ((MIR_alloc_t) alloc, ptr);
  return NULL;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_MRUBY_H */
