/* PCRE2 on a MIR_alloc.  Define PCRE2_CODE_UNIT_WIDTH before, as for pcre2.h.  The other direction
   makes no sense: PCRE2 has no memory of its own to offer.  */
#ifndef MIR_PCRE2_H
#define MIR_PCRE2_H

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

/* A general context on ALLOC, which must outlive it and all that is made with it; the caller frees
   it with pcre2_general_context_free.  NULL without memory.  Match data and compile contexts made
   with it stay on ALLOC; PCRE2's own JIT code is in memory of PCRE2's.  */
static inline pcre2_general_context *MIR_pcre2_context (MIR_alloc_t alloc) {
  return pcre2_general_context_create (MIR_pcre2_malloc, MIR_pcre2_free, alloc);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_PCRE2_H */
