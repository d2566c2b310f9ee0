/* Remembering sizes for the adapters to interfaces which want a block's size when it is freed, and
   alignment for those which promise less than MIR_alloc.

   [ size | pad ][ block ... ]   16 bytes before each block.  Any thread.  */
#ifndef MIR_SIZE_HEADER_H
#define MIR_SIZE_HEADER_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* SIZE_MAX, PTRDIFF_MAX */

#ifdef __cplusplus
extern "C" {
#endif

enum { MIR_SIZE_HEADER = 16 };

/* Bytes to ask for, for a block of SIZE; 0 when no object can be as large: not every allocator
   survives such a request (libstdc++ 12 rounds it up, past SIZE_MAX, to a few bytes).  */
static inline size_t mir_with_header (size_t size) {
  return size > PTRDIFF_MAX - MIR_SIZE_HEADER ? 0 : size + MIR_SIZE_HEADER;
}

/* The block in MEMORY, whose size is noted there; NULL for NULL.  */
static inline void *mir_set_size_header (void *memory, size_t size) {
  if (memory == NULL) return NULL;
  *(size_t *) memory = size;
  return (char *) memory + MIR_SIZE_HEADER;
}

static inline void *mir_size_header_of (void *block) {
  return (char *) block - MIR_SIZE_HEADER;
}

static inline size_t mir_size_in_header (void *block) {
  return *(size_t *) mir_size_header_of (block);
}

/* Whether NUM * SIZE overflows; else *PRODUCT is it.  */
static inline int mir_product_overflows (size_t num, size_t size, size_t *product) {
  if (size != 0 && num > SIZE_MAX / size) return 1;
  *product = num * size;
  return 0;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_SIZE_HEADER_H */
