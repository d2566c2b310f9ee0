/* An adapter that gives brotli's encoder and decoder the memory of a MIR_alloc:

     BrotliEncoderCreateInstance (MIR_opaque_malloc, MIR_opaque_free, alloc)
     BrotliDecoderCreateInstance (MIR_opaque_malloc, MIR_opaque_free, alloc)

   brotli 1.1.0 never resizes a block, frees NULL, and takes up to 134 217 728 bytes at once (quality
   11, lgwin 24, streamed).  Its encoder does not survive every refused allocation: a limit must be
   one that is never met.  The decoder reports each.  Nothing goes around.  BrotliEncoderCompress,
   the one-shot function, takes no allocator: it uses malloc.  (2026-11)  */
#ifndef MIR_BROTLI_H
#define MIR_BROTLI_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <brotli/types.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The user data of both is ALLOC, which must outlive the instance.  One thread at a time in an
   instance.  */
#define MIR_BROTLI_FUNCTIONS(alloc) MIR_opaque_malloc, MIR_opaque_free, (alloc)

#ifdef __cplusplus
}
#endif

#endif /* MIR_BROTLI_H */
