/* zlib on a MIR_alloc.  The other direction makes no sense: zlib's interface has 32-bit sizes.  */
#ifndef MIR_ZLIB_H
#define MIR_ZLIB_H

#include <zlib.h>

#include "mir-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* zalloc and zfree of a z_stream whose `opaque` is a MIR_alloc_t.  Threads: as zlib's, one at a
   time in one stream.  */
static inline voidpf MIR_zlib_alloc (voidpf alloc, uInt items, uInt size) {
  if (size != 0 && (size_t) items > (size_t) -1 / size) return Z_NULL;
  return MIR_malloc ((MIR_alloc_t) alloc, (size_t) items * size);
}

static inline void MIR_zlib_free (voidpf alloc, voidpf block) {
  MIR_free ((MIR_alloc_t) alloc, block);
}

/* Before deflateInit, inflateInit and the like.  ALLOC must outlive the stream.  */
static inline void MIR_zlib_use (z_streamp stream, MIR_alloc_t alloc) {
  stream->zalloc = MIR_zlib_alloc;
  stream->zfree = MIR_zlib_free;
  stream->opaque = alloc;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_ZLIB_H */
