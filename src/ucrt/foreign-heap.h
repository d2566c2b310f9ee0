/* Foreign blocks: those of a CRT's own heap, or of the process heap before the CRT has one.  The
   heap's own lock is taken, so never while other threads are stopped.

   Any thread.  Functions that fail set the CRT's errno where it says so.  */

#ifndef MIR_UCRT_FOREIGN_HEAP_H
#define MIR_UCRT_FOREIGN_HEAP_H

#include <stddef.h> /* size_t */

#include "ucrt/crt-calls.h"

/* Whether BLOCK is a block of that heap.  At the end of the process any is, because a killed thread
   may have left the heap's lock held.  */
int ucrt_foreign_is_block (struct ucrt_crt *crt, const void *block);

/* The size of BLOCK; (size_t) -1 if it is no block of that heap.  */
size_t ucrt_foreign_size (struct ucrt_crt *crt, const void *block);

/* Free BLOCK, which may be NULL.  Returns 0, or -1 with errno set as the CRT would.  */
int ucrt_foreign_free (struct ucrt_crt *crt, void *block);

/* As the CRT's own _malloc_base and _realloc_base of N > 0 bytes, without the new handler.  NULL on
   failure; BLOCK may be NULL.  */
void *ucrt_foreign_realloc (struct ucrt_crt *crt, void *block, size_t n);

/* Resize BLOCK in place to N bytes.  NULL on failure, with errno set.  */
void *ucrt_foreign_resize (struct ucrt_crt *crt, void *block, size_t n);

/* Compact the CRT's heap.  Returns 0, or -1 with errno set.  */
int ucrt_foreign_compact (struct ucrt_crt *crt);

#endif
