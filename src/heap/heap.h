/* What the ready-made allocators have in common.  */
#ifndef MIR_HEAP_HEAP_H
#define MIR_HEAP_HEAP_H

#include <stddef.h> /* size_t, max_align_t */
#include <stdint.h>
#include <string.h> /* memset */

#include "mir-heap.h"
#include "defaults.h"

/* The label of the calling thread.  */
const char *mir_heap_label (void);

/* Print one line about PTR to stderr and abort.  */
void MIR_NO_RETURN mir_heap_die (const char *what, const void *ptr);

/* BELOW, or the default, sets *BELOW; LEN zeroed bytes from it, or NULL.  */
void *mir_heap_new (MIR_alloc_t *below, size_t len);

/* Bytes; what allocators put in front of a block is a multiple of it.  */
enum { MIR_HEAP_ALIGN = 16 };

_Static_assert(MIR_HEAP_ALIGN % _Alignof(max_align_t) == 0, "blocks keep the alignment from below");

/* Whether NUM * SIZE overflows; else *PRODUCT is it.  */
static inline int mir_heap_overflows (size_t num, size_t size, size_t *product) {
  if (size != 0 && num > SIZE_MAX / size) return 1;
  *product = num * size;
  return 0;
}

#endif /* MIR_HEAP_HEAP_H */
