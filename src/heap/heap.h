/* What the ready-made allocators share.  Each allocator is a structure in a file of its own: `pub`
   is what the user sees, `below` is borrowed and outlives it, and the structure is a block from
   below that the finish function frees.  mir-heap.h has the contracts: which threads, what failure
   means.

   allocator   an instance of one of the types of mir-heap.h; each type has a file of its own
   below       the allocator under it, which the caller gave
   size header the 16 bytes before a block that hold its size (size-header.h): limit, sized, stats
   chunk       memory from below in which an arena places blocks
   large       a block too large for a chunk: an arena gets it from below on its own
   mark        a point in an arena's history: everything newer can be freed at once
   finding     a broken promise that the checking allocator noticed
   kept        freed, but not yet returned: blocks in quarantine, and heaps that a memory checker
               should still know
   note        tells a memory checker about bytes (annotate.h)
   supply      the memory of the default heap, and of heaps (supply.h)
   slice, step what mimalloc takes of it; what becomes accessible at once (slices.h)  */
#ifndef MIR_HEAP_HEAP_H
#define MIR_HEAP_HEAP_H

#include <stddef.h> /* size_t, max_align_t */
#include <stdint.h>
#include <string.h> /* memset */

#include "mir-heap.h"
#include "defaults.h"

/* The label of the calling thread; NULL: none.  */
const char *mir_heap_label (void);

/* Print one line about PTR to stderr and abort.  */
_Noreturn void mir_heap_die (const char *what, const void *ptr);

/* Set *BELOW to the default allocator if it is NULL, and allocate LEN zeroed bytes from it.  NULL
   on failure.  */
void *mir_heap_new (MIR_alloc_t *below, size_t len);

/* Bytes.  What an allocator puts in front of a block is a multiple of this.  */
enum { MIR_HEAP_ALIGN = 16 };

/* The MIR_alloc of the instance to which the variable NAME points; the callbacks are NAME_malloc
   and so on.  */
#define MIR_HEAP_ALLOC(NAME)                      \
  ((struct MIR_alloc) {.malloc = NAME##_malloc,   \
                       .calloc = NAME##_calloc,   \
                       .realloc = NAME##_realloc, \
                       .free = NAME##_free,       \
                       .user_data = NAME})

_Static_assert (MIR_HEAP_ALIGN % _Alignof (max_align_t) == 0,
                "blocks keep the alignment from below");

/* Whether NUM * SIZE overflows; if not, set *PRODUCT to it.  */
static inline int mir_heap_overflows (size_t num, size_t size, size_t *product) {
  if (size != 0 && num > SIZE_MAX / size) return 1;
  *product = num * size;
  return 0;
}

#endif /* MIR_HEAP_HEAP_H */
