/* What the hooks share: the slow halves, and where a block keeps the size that was asked for.

   _msize must say what was asked for, not what the block can hold, and _recalloc zeroes from there.
   mimalloc does not keep it.  With EXACT, the default, every block is asked for one byte larger,
   and its last bytes tell how many at its end were not asked for:

       | what was asked for | ... | slack |      slack < 255: its one byte at the very end
       | what was asked for | ... | slack as size_t | 255 |

   Nothing is read or written for it when a block is freed.  A block which mimalloc's own functions
   gave has user data there: 0, which is never written, and a slack larger than the block mean that
   all of it was asked for, but other values are believed.  So a size is never taken from it for
   copying.  */

#ifndef MIR_UCRT_HOOKS_H
#define MIR_UCRT_HOOKS_H

#include <errno.h>
#include <string.h>
#include <windows.h>

#include "ucrt/ucrt.h"

/* Larger ones the UCRT refuses before it looks for memory.  */
#define UCRT_MAX_REQUEST ((size_t) -0x20)
#define UCRT_LONG_SLACK 255u

/* What GetLastError reads: the 14th word of the thread's block, TEB.LastErrorValue (phnt), on every
   CPU.  Two calls would be felt in the mallocs that are not of the smallest.  */
static inline uint32_t *ucrt_last_error (void) {
  return (uint32_t *) ((char *) NtCurrentTeb () + 13 * sizeof (void *));
}

#ifndef MIR_UCRT_EXACT_SIZE
#define MIR_UCRT_EXACT_SIZE 1
#endif

static inline void ucrt_write_size (void *block, size_t usable, size_t n) {
  if (!MIR_UCRT_EXACT_SIZE) return;
  size_t slack = usable - n;
  uint8_t *last = (uint8_t *) block + usable - 1;
  *last = slack < UCRT_LONG_SLACK ? (uint8_t) slack : UCRT_LONG_SLACK;
  if (slack >= UCRT_LONG_SLACK) memcpy (last - sizeof (slack), &slack, sizeof (slack));
}

static inline size_t ucrt_read_size (const void *block, size_t usable) {
  if (!MIR_UCRT_EXACT_SIZE) return usable;
  const uint8_t *last = (const uint8_t *) block + usable - 1;
  size_t slack = *last;
  if (slack == UCRT_LONG_SLACK && usable > sizeof (slack))
    memcpy (&slack, last - sizeof (slack), sizeof (slack));
  return slack > usable ? usable : usable - slack;
}

/* Bytes to ask mimalloc for.  The UCRT aligns every block to 16 bytes, 8 on x86; mimalloc's of one
   word are aligned to a word only, and its other sizes are all multiples of two words, so that the
   bit of a word's size may be set in N without making any block larger.  N <= UCRT_MAX_REQUEST.  */
static inline size_t ucrt_request (size_t n) {
  if (MIR_UCRT_EXACT_SIZE) return (n | sizeof (void *)) + 1;
  return n + (n <= sizeof (void *) ? sizeof (void *) + 1 : 0);
}

/* Everything that the functions in hooks.c do not do in their first instructions; EXACT as above.
   All keep the UCRT's contract: zero sizes, errno, new handler, invalid parameter.  */
void *ucrt_malloc (struct ucrt_crt *crt, size_t n);
void *ucrt_calloc (struct ucrt_crt *crt, size_t count, size_t size);
void *ucrt_realloc (struct ucrt_crt *crt, void *block, size_t n);
void *ucrt_realloc_base (struct ucrt_crt *crt, void *block, size_t n);
void *ucrt_recalloc (struct ucrt_crt *crt, void *block, size_t count, size_t size);
void *ucrt_expand (struct ucrt_crt *crt, void *block, size_t n);
size_t ucrt_msize (struct ucrt_crt *crt, void *block);
int ucrt_heapmin (struct ucrt_crt *crt);
void ucrt_free_foreign (struct ucrt_crt *crt, void *block); /* not one of ours */
void ucrt_free_ours (void *block); /* one of ours; as free, also when the process ends */

void *ucrt_aligned_malloc (struct ucrt_crt *crt, size_t n, size_t alignment, size_t offset);
void *ucrt_aligned_realloc (struct ucrt_crt *crt, void *block, size_t n, size_t alignment,
                            size_t offset);
void *ucrt_aligned_recalloc (struct ucrt_crt *crt, void *block, size_t count, size_t size,
                             size_t alignment, size_t offset);
size_t ucrt_aligned_msize (struct ucrt_crt *crt, void *block, size_t alignment, size_t offset);
void ucrt_aligned_free_foreign (struct ucrt_crt *crt, void *block); /* not one of ours, not NULL */

/* N > 0 bytes of ours, at an address which is a multiple of ALIGNMENT, a power of two, when OFFSET
   < ALIGNMENT is added to it; zero if ZERO.  NULL if there are none, or if there is an OFFSET with
   an ALIGNMENT above 2 MiB (512 KiB on x86).  */
void *ucrt_heap_aligned (size_t n, size_t alignment, size_t offset, int zero);

/* COUNT * SIZE in TOTAL; 0 if the UCRT would refuse it.  */
static inline int ucrt_multiply (size_t count, size_t size, size_t *total) {
  *total = count * size;
  return count == 0 || UCRT_MAX_REQUEST / count >= size;
}

/* One old block of SIZE bytes moved to our heap.  */
void ucrt_count_migrated (size_t size);

#endif
