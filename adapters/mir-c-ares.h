/* An adapter that gives c-ares the memory of a MIR_alloc: ares_library_init_mem.

   c-ares 1.34.9 frees NULL and reallocates from NULL.  After a refused allocation each call returns
   ARES_ENOMEM and loses nothing (1.18.1 goes on without some of the system's settings).  What reads
   the system's files (stdio, the C library's resolver) goes around, a tenth of the bytes or more.
   (2026-12)

   The library passes no user data, so the allocator is a static variable: include this in one
   unit.  */
#ifndef MIR_C_ARES_H
#define MIR_C_ARES_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#if !defined(_WIN32)
#include <sys/select.h> /* fd_set: ares.h includes it for some systems only */
#endif
#include <ares.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

MIR_HEADED_GLOBALS (mir_c_ares)

/* ares_library_init over ALLOC, which must outlive ares_library_cleanup.  If c-ares is initialised
   already this only counts, and the functions stay what they are.  FLAGS and result as in
   ares_library_init.  Every thread that uses c-ares allocates.  */
static inline int MIR_c_ares_init (MIR_alloc_t alloc, int flags) {
  if (mir_c_ares_alloc == NULL) mir_c_ares_alloc = alloc;
  return ares_library_init_mem (flags, mir_c_ares_malloc, mir_c_ares_free, mir_c_ares_realloc);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_C_ARES_H */
