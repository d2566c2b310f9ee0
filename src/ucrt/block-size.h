/* Where a block of ours keeps the size that was asked for.

   _msize must return the size asked for, not what the block can hold, and _recalloc zeroes from
   there.  mimalloc does not keep it.  So every block is allocated at least one byte larger, and its
   last bytes hold the slack, the number of bytes at its end that were not asked for:

       | what was asked for | ... | slack |                      slack < 255: its one byte, the last
       | what was asked for | ... | slack as size_t | 255 |

   Freeing reads and writes none of it.  A block from mimalloc's own functions has user data there:
   a last byte of 0, which is never written, or a slack larger than the block mean that all of it
   was asked for; other values are believed.  Therefore never copy by a size read from a block.

   MIR_UCRT_EXACT_SIZE=0, a compile-time switch for benchmarks, keeps no size: _msize then returns
   what the block can hold.  It saves a byte per block and two instructions in malloc.  */

#ifndef MIR_UCRT_BLOCK_SIZE_H
#define MIR_UCRT_BLOCK_SIZE_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include <string.h> /* memcpy */

#ifndef MIR_UCRT_EXACT_SIZE
#define MIR_UCRT_EXACT_SIZE 1
#endif

#define UCRT_LONG_SLACK 255u /* a last byte that says: the slack is a size_t before it */

/* Note in BLOCK of USABLE bytes that N were asked for.  N + MIR_UCRT_EXACT_SIZE <= USABLE.  */
static inline void ucrt_write_size (void *block, size_t usable, size_t n) {
  if (!MIR_UCRT_EXACT_SIZE) return;
  size_t slack = usable - n;
  uint8_t *last = (uint8_t *) block + usable - 1;
  *last = slack < UCRT_LONG_SLACK ? (uint8_t) slack : UCRT_LONG_SLACK;
  if (slack >= UCRT_LONG_SLACK) memcpy (last - sizeof (slack), &slack, sizeof (slack));
}

/* The bytes that were asked for of BLOCK, which has USABLE.  */
static inline size_t ucrt_read_size (const void *block, size_t usable) {
  if (!MIR_UCRT_EXACT_SIZE) return usable;
  const uint8_t *last = (const uint8_t *) block + usable - 1;
  size_t slack = *last;
  if (slack == UCRT_LONG_SLACK && usable > sizeof (slack))
    memcpy (&slack, last - sizeof (slack), sizeof (slack));
  return slack > usable ? usable : usable - slack;
}

/* The index of the last byte that a block for N bytes needs.  */
static inline size_t ucrt_last_byte (size_t n) {
  return MIR_UCRT_EXACT_SIZE ? n : n - (n != 0);
}

#define UCRT_STEP (2 * sizeof (void *)) /* bytes; see ucrt_request */

/* The bytes to ask mimalloc for, for N <= UCRT_MAX_REQUEST: a multiple of two words, as all sizes of
   mimalloc's blocks are but the smallest, one word.  That one is never requested: the UCRT aligns
   every block to two words, mimalloc aligns the smallest to one.  */
static inline size_t ucrt_request (size_t n) {
  return (ucrt_last_byte (n) | (UCRT_STEP - 1)) + 1;
}

/* Whether N > 0 bytes fit into the USABLE bytes of a block without wasting half of it.  */
static inline int ucrt_fits (size_t usable, size_t n) {
  size_t request = ucrt_request (n);
  return request <= usable && request > usable / 2;
}

#endif
