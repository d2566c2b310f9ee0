/* An adapter that gives yajl the memory of a MIR_alloc: yajl_alloc_funcs.

   yajl 2.1.0 reallocates from NULL.  It does not look at what it gets: a refused allocation ends the
   process, so a limit must be one that is never met.  Nothing goes around.  (2026-11)  */
#ifndef MIR_YAJL_H
#define MIR_YAJL_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <yajl/yajl_common.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* For yajl_alloc and yajl_gen_alloc, which copy the structure.  ALLOC must outlive the handle.  One
   thread at a time in a handle.  */
static inline yajl_alloc_funcs MIR_yajl_funcs (MIR_alloc_t alloc) {
  yajl_alloc_funcs res;
  res.malloc = MIR_opaque_headed_malloc;
  res.realloc = MIR_opaque_headed_realloc;
  res.free = MIR_opaque_headed_free;
  res.ctx = alloc;
  return res;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_YAJL_H */
