/* An adapter that gives ICU the memory of a MIR_alloc: u_setMemoryFunctions.

   ICU 76.1 frees NULL and makes blocks smaller.  It says that the functions may only be set in its
   initial, unused state, but does not check it: while ICU is in use it answers U_ZERO_ERROR, and the
   next free is that of a block of the other allocator.  It does not survive every refused allocation.
   Data files are mapped; nothing else goes around.  A heap may end after u_cleanup, which leaves
   nothing.  (2026-12)  */
#ifndef MIR_ICU_H
#define MIR_ICU_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <unicode/uclean.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline void *mir_icu_malloc (const void *alloc, size_t size) {
  return mir_headed_malloc ((MIR_alloc_t) (uintptr_t) alloc, size);
}

static inline void *mir_icu_realloc (const void *alloc, void *ptr, size_t size) {
  return mir_headed_realloc ((MIR_alloc_t) (uintptr_t) alloc, ptr, size);
}

static inline void mir_icu_free (const void *alloc, void *ptr) {
  mir_headed_free ((MIR_alloc_t) (uintptr_t) alloc, ptr);
}

/* Make ICU take all of its memory from ALLOC, which must outlive u_cleanup.  Call this before any
   other function of ICU, or right after u_cleanup; STATUS as in ICU.  Every thread that uses ICU
   allocates.  */
static inline void MIR_icu_use (MIR_alloc_t alloc, UErrorCode *status) {
  u_setMemoryFunctions (alloc, mir_icu_malloc, mir_icu_realloc, mir_icu_free, status);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_ICU_H */
