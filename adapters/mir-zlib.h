/* An adapter that gives zlib the memory of a MIR_alloc.  There is no other direction: zlib's
   interface has 32-bit sizes.

   zlib 1.3.1 takes five blocks to compress and two to decompress, resizes nothing and frees no NULL.
   After a refused allocation each call returns Z_MEM_ERROR and loses nothing.  Nothing goes around.
   (2026-12)  */
#ifndef MIR_ZLIB_H
#define MIR_ZLIB_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <zlib.h>

#include "mir-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The zalloc and zfree of a z_stream whose `opaque` is a MIR_alloc_t.  One thread at a time in one
   stream, as in zlib.  */
static inline voidpf MIR_zlib_alloc (voidpf alloc, uInt items, uInt size) {
  if (size != 0 && (size_t) items > (size_t) -1 / size) return Z_NULL;
  return MIR_malloc ((MIR_alloc_t) alloc, (size_t) items * size);
}

static inline void MIR_zlib_free (voidpf alloc, voidpf block) {
  MIR_free ((MIR_alloc_t) alloc, block);
}

/* Make STREAM take its memory from ALLOC, which must outlive it.  Call this before deflateInit,
   inflateInit and the like.  */
static inline void MIR_zlib_use (z_streamp stream, MIR_alloc_t alloc) {
  stream->zalloc = MIR_zlib_alloc;
  stream->zfree = MIR_zlib_free;
  stream->opaque = alloc;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_ZLIB_H */
