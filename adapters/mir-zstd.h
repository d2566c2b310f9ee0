/* An adapter that gives zstd the memory of a MIR_alloc: ZSTD_customMem.

   zstd 1.5.7 takes three blocks for a compression, the largest up to the window (18 MB at level
   19); it never resizes one, frees no NULL, and after a refused allocation each call returns an
   error and loses nothing.  With ZSTD_c_nbWorkers > 0 its workers allocate too, and some refusals
   are not survived.  Nothing goes around but the threads' own memory.  (2026-11)  */
#ifndef MIR_ZSTD_H
#define MIR_ZSTD_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

/* The functions that take a ZSTD_customMem are in the part that only the static library promises to
   keep, but the shared one has them.  */
#ifndef ZSTD_STATIC_LINKING_ONLY
#define ZSTD_STATIC_LINKING_ONLY
#endif
#include <zstd.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* For ZSTD_createCCtx_advanced and its siblings.  ALLOC must outlive what they make.  One thread at
   a time uses a context, as in zstd; its workers are threads of their own.  */
static inline ZSTD_customMem MIR_zstd_mem (MIR_alloc_t alloc) {
  ZSTD_customMem mem;
  mem.customAlloc = MIR_opaque_malloc;
  mem.customFree = MIR_opaque_free;
  mem.opaque = alloc;
  return mem;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_ZSTD_H */
