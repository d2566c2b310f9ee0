/* An adapter that gives a Duktape heap the memory of a MIR_alloc.

   Duktape 2.7.0 frees NULL often, reallocates from NULL and to 0, and makes blocks smaller.  It
   collects garbage and tries again when it is refused memory, and reports what stays refused as an
   error of the script; but not at every point.  Without a protected call the fatal handler ends the
   process; and where memory stays refused while a heap is made, duk_create_heap may crash before
   any handler: let it find what it takes, 100 to 150 kB, and set the limit then.  A refused shrink
   is an error as well; the functions here refuse none.  Nothing goes around.  (2026-12)  */
#ifndef MIR_DUKTAPE_H
#define MIR_DUKTAPE_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <duktape.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Make a heap over ALLOC, which must outlive it.  FATAL is called, with ALLOC as its user data, when
   Duktape cannot go on, and may not return; NULL: Duktape's own, which aborts.  NULL on failure, if Duktape survives that: see above.
   One thread at a time in a heap.  */
static inline duk_context *MIR_duktape_heap (MIR_alloc_t alloc, duk_fatal_function fatal) {
  return duk_create_heap (MIR_opaque_headed_malloc, MIR_opaque_headed_realloc,
                          MIR_opaque_headed_free, alloc, fatal);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_DUKTAPE_H */
