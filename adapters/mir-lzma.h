/* An adapter that gives liblzma the memory of a MIR_alloc: lzma_allocator.

   liblzma 5.8.1 frees NULL, though its header says that it does not, resizes nothing, and always
   passes 1 as the number of elements.  After a refused allocation each call returns LZMA_MEM_ERROR
   and loses nothing.  lzma_stream_encoder_mt allocates in its worker threads.  Nothing goes around
   but the threads' own memory.  (2026-11)  */
#ifndef MIR_LZMA_H
#define MIR_LZMA_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <lzma.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* For the member `allocator` of an lzma_stream and for the functions that take one.  The structure
   is kept by pointer: it must outlive the stream, as ALLOC must.  */
static inline lzma_allocator MIR_lzma_allocator (MIR_alloc_t alloc) {
  lzma_allocator res;
  res.alloc = MIR_opaque_array;
  res.free = MIR_opaque_free;
  res.opaque = alloc;
  return res;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_LZMA_H */
