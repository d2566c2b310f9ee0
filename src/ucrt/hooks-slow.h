/* The slow halves of the hooks: everything that hooks.c does not do in a function's first
   instructions.  Part of the module of hooks.h.

   All keep the UCRT's contract: zero sizes, errno, new handler, invalid-parameter handler.  Any
   thread.  */

#ifndef MIR_UCRT_HOOKS_SLOW_H
#define MIR_UCRT_HOOKS_SLOW_H

#include <windows.h>
#include <stddef.h> /* size_t */
#include <stdint.h>

#include "ucrt/crt-calls.h"

/* The UCRT refuses larger requests before it looks for memory.  */
#define UCRT_MAX_REQUEST ((size_t) -0x20)

/* What GetLastError reads: TEB.LastErrorValue (phnt), the 14th word of the thread's block on every
   CPU.  Calls of GetLastError and SetLastError would cost measurably in every malloc above the
   smallest sizes.  */
static inline uint32_t *ucrt_last_error (void) {
  return (uint32_t *) ((char *) NtCurrentTeb () + 13 * sizeof (void *));
}

/* Set *TOTAL to COUNT * SIZE.  Returns 0 if the UCRT would refuse that many bytes, else 1.  */
static inline int ucrt_multiply (size_t count, size_t size, size_t *total) {
  *total = count * size;
  return count == 0 || UCRT_MAX_REQUEST / count >= size;
}

/*---------------- hooks-slow.c -----------------------------*/

/* Each is the function of CRT that its name says, for blocks of ours and foreign blocks alike.  */

void *ucrt_malloc (struct ucrt_crt *crt, size_t n);
void *ucrt_calloc (struct ucrt_crt *crt, size_t count, size_t size);
void *ucrt_realloc (struct ucrt_crt *crt, void *block, size_t n);
void *ucrt_realloc_base (struct ucrt_crt *crt, void *block, size_t n);
void *ucrt_recalloc (struct ucrt_crt *crt, void *block, size_t count, size_t size);
void *ucrt_expand (struct ucrt_crt *crt, void *block, size_t n);
size_t ucrt_msize (struct ucrt_crt *crt, void *block);
int ucrt_heapmin (struct ucrt_crt *crt);
void ucrt_free_foreign (struct ucrt_crt *crt, void *block); /* not a block of ours */

/*---------------- hooks-aligned.c -----------------------------*/

/* The same for the aligned functions; OFFSET is 0 for those without one.  */

void *ucrt_aligned_malloc (struct ucrt_crt *crt, size_t n, size_t alignment, size_t offset);
void *ucrt_aligned_realloc (struct ucrt_crt *crt, void *block, size_t n, size_t alignment,
                            size_t offset);
void *ucrt_aligned_recalloc (struct ucrt_crt *crt, void *block, size_t count, size_t size,
                             size_t alignment, size_t offset);
size_t ucrt_aligned_msize (struct ucrt_crt *crt, void *block, size_t alignment, size_t offset);
void ucrt_aligned_free_foreign (struct ucrt_crt *crt, void *block); /* not ours, not NULL */

/*---------------- hooks-debug.c -----------------------------*/

/* What a debug CRT says of a block.  */

int ucrt_is_valid_heap_pointer (struct ucrt_crt *crt, const void *block);
int ucrt_is_memory_block (struct ucrt_crt *crt, const void *block, unsigned size,
                          long *request_number, char **file, int *line);
int ucrt_report_block_type (struct ucrt_crt *crt, const void *block);
void ucrt_set_block_type (struct ucrt_crt *crt, void *block, int type);

/*---------------- hooks.c -----------------------------*/

/* Allocate N > 0 bytes of ours, zeroed if ZERO, and set *USABLE to what the block holds.  NULL on
   failure.  */
void *ucrt_heap_malloc (size_t n, int zero, size_t *usable);

/* Allocate N > 0 bytes of ours at an address that is a multiple of ALIGNMENT, a power of two, once
   OFFSET < ALIGNMENT is added to it; zeroed if ZERO.  NULL on failure, and for an OFFSET with an
   ALIGNMENT above 2 MiB (512 KiB on x86).  */
void *ucrt_heap_aligned (size_t n, size_t alignment, size_t offset, int zero);

#endif
