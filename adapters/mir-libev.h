/* An adapter that gives libev the memory of a MIR_alloc: ev_set_allocator.

   libev 4.33 has one function for all, and frees NULL through it.  Its manual says that the function
   must abort or do something else about a refusal: libev prints a line and aborts by itself.  So a
   limit must be one that is never met.  Nothing goes around.  (2026-11)

   libev passes no user data, so the allocator is a static variable: include this in one unit.  */
#ifndef MIR_LIBEV_H
#define MIR_LIBEV_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <ev.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

static MIR_alloc_t mir_libev_alloc;

static inline void *mir_libev_function (void *ptr, long size) EV_NOEXCEPT {
  if (size > 0) return mir_headed_realloc (mir_libev_alloc, ptr, (size_t) size);
  mir_headed_free (mir_libev_alloc, ptr);
  return NULL;
}

/* Make libev take all of its memory from ALLOC, which must outlive all loops.  Call this before the
   first loop is made.  Every thread that uses libev allocates.  */
static inline void MIR_libev_use (MIR_alloc_t alloc) {
  mir_libev_alloc = alloc;
  ev_set_allocator (mir_libev_function);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_LIBEV_H */
