/* An adapter that gives bzip2 the memory of a MIR_alloc: bzalloc and bzfree.

   libbz2 1.0.8 asks for (n, 1) always, resizes nothing and frees no NULL.  After a refused
   allocation each call returns BZ_MEM_ERROR and loses nothing.  Nothing goes around; the functions
   BZ2_bzBuffTo... take no allocator: they use malloc.  (2026-11)  */
#ifndef MIR_BZIP2_H
#define MIR_BZIP2_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <bzlib.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The bzalloc of a bz_stream whose `opaque` is a MIR_alloc_t.  */
static inline void *MIR_bzip2_alloc (void *alloc, int items, int size) {
  return items < 0 || size < 0 ? NULL : MIR_opaque_array (alloc, (size_t) items, (size_t) size);
}

/* Make STREAM take its memory from ALLOC, which must outlive it.  Call this before
   BZ2_bzCompressInit or BZ2_bzDecompressInit.  One thread at a time in a stream.  */
static inline void MIR_bzip2_use (bz_stream *stream, MIR_alloc_t alloc) {
  stream->bzalloc = MIR_bzip2_alloc;
  stream->bzfree = MIR_opaque_free;
  stream->opaque = alloc;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_BZIP2_H */
