/* An adapter that gives PCRE2 the memory of a MIR_alloc.  Define PCRE2_CODE_UNIT_WIDTH before
   including it, as for pcre2.h.  There is no other direction: PCRE2 has no memory of its own to
   offer.

   PCRE2 10.46 resizes nothing; without JIT it frees NULL.  After a refused allocation each call
   returns an error and loses nothing.  The code that its JIT compiles, and the stack for that code,
   are mappings of its own.  (2026-12)  */
#ifndef MIR_PCRE2_H
#define MIR_PCRE2_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <pcre2.h>

#include "mir-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline void *MIR_pcre2_malloc (PCRE2_SIZE size, void *alloc) {
  return MIR_malloc ((MIR_alloc_t) alloc, size);
}

static inline void MIR_pcre2_free (void *ptr, void *alloc) {
  MIR_free ((MIR_alloc_t) alloc, ptr);
}

/* Make a general context over ALLOC, which must outlive the context and all that is made with it.
   The caller frees it with pcre2_general_context_free.  NULL on failure.  Match data and compile
   contexts made with it allocate from ALLOC; PCRE2 keeps its JIT code in memory of its own.  */
static inline pcre2_general_context *MIR_pcre2_context (MIR_alloc_t alloc) {
  return pcre2_general_context_create (MIR_pcre2_malloc, MIR_pcre2_free, alloc);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_PCRE2_H */
