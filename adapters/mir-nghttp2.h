/* An adapter that gives nghttp2 the memory of a MIR_alloc: nghttp2_mem.

   nghttp2 1.64.0 frees NULL more often than not and reallocates from NULL.  It does not survive every
   refused allocation.  Nothing goes around but the blocks of nghttp2_session_callbacks_new and
   nghttp2_option_new, which take no allocator.  (2026-12)  */
#ifndef MIR_NGHTTP2_H
#define MIR_NGHTTP2_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <nghttp2/nghttp2.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* For nghttp2_session_client_new3 and its siblings, which copy the structure.  ALLOC must outlive
   what they make.  One thread at a time in a session.  */
static inline nghttp2_mem MIR_nghttp2_mem (MIR_alloc_t alloc) {
  nghttp2_mem res;
  res.mem_user_data = alloc;
  res.malloc = MIR_last_headed_malloc;
  res.free = MIR_last_headed_free;
  res.calloc = MIR_last_headed_calloc;
  res.realloc = MIR_last_headed_realloc;
  return res;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_NGHTTP2_H */
