/* Sizes before blocks, for the adapters to interfaces that want a block's size when it is freed, or
   that promise less alignment than MIR_alloc.

   [ size | pad ][ block ... ]   16 bytes before each block.  Any thread.  */
#ifndef MIR_SIZE_HEADER_H
#define MIR_SIZE_HEADER_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <stddef.h> /* size_t */
#include <stdint.h> /* SIZE_MAX, PTRDIFF_MAX */

#ifdef __cplusplus
extern "C" {
#endif

enum { MIR_SIZE_HEADER = 16 };

/* The bytes to allocate for a block of SIZE.  0 if no object can be so large: such a request must
   not be passed on (libstdc++ 12 rounds it up past SIZE_MAX to a few bytes).  */
static inline size_t mir_with_header (size_t size) {
  size_t len = size + MIR_SIZE_HEADER;
  return (ptrdiff_t) len < MIR_SIZE_HEADER ? 0 : len; /* one comparison for both ends */
}

/* Note SIZE at the beginning of MEMORY and return the block behind it; NULL for NULL.  */
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

/* 1 if NUM * SIZE overflows, else 0 and the product in PRODUCT.  */
#if defined(__GNUC__)
static inline int mir_product_overflows (size_t num, size_t size, size_t *product) {
  return __builtin_mul_overflow (num, size, product);
}
#else
static inline int mir_product_overflows (size_t num, size_t size, size_t *product) {
  if (size != 0 && num > SIZE_MAX / size) return 1;
  *product = num * size;
  return 0;
}
#endif

#ifdef __cplusplus
}
#endif

#endif /* MIR_SIZE_HEADER_H */
