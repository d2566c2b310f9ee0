/* Size headers: for allocators that must know the size of a block when the caller does not pass it.

     [ size | magic ][ block ... ]

   The magic depends on the address and on the kind of allocator, so that a pointer which is no live
   block of that kind is recognised.  Any thread, if BELOW allows it: only the block itself is read
   and written.  The allocation functions return NULL on failure.  */
#ifndef MIR_HEAP_SIZE_HEADER_H
#define MIR_HEAP_SIZE_HEADER_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "heap/heap.h"

struct mir_heap_header {
  size_t size;     /* bytes, requested */
  uintptr_t magic; /* the address of the header XOR a tag */
};

enum { MIR_HEAP_HEADER = MIR_HEAP_ALIGN }; /* bytes */

_Static_assert (sizeof (struct mir_heap_header) <= MIR_HEAP_HEADER, "a header fits in its bytes");

/* The kinds: odd numbers that memory is unlikely to hold by accident.  */
#define MIR_HEAP_TAG_SIZED ((uintptr_t) 0x5ac3d1e7u)
#define MIR_HEAP_TAG_LIMIT ((uintptr_t) 0x7b12f94du)
#define MIR_HEAP_TAG_STATS ((uintptr_t) 0x3e8f6a0bu)
#define MIR_HEAP_TAG_FREED ((uintptr_t) 0x1d0be5c9u)

/* The header of BLOCK, unchecked.  */
static inline struct mir_heap_header *mir_heap_header_of (const void *block) {
  return (struct mir_heap_header *) (void *) ((char *) block - MIR_HEAP_HEADER);
}

/* Fill in the header at MEMORY and return its block; NULL for NULL.  */
static inline void *mir_heap_set_header (void *memory, size_t size, uintptr_t tag) {
  struct mir_heap_header *header = (struct mir_heap_header *) memory;
  if (header == NULL) return NULL;
  header->size = size;
  header->magic = (uintptr_t) header ^ tag;
  return (char *) memory + MIR_HEAP_HEADER;
}

/* The header of BLOCK.  Aborts with a message if the magic is not that of a live block.  */
static inline struct mir_heap_header *mir_heap_checked (const void *block, uintptr_t tag) {
  struct mir_heap_header *header = mir_heap_header_of (block);
  if (header->magic != ((uintptr_t) header ^ tag))
    mir_heap_die (header->magic == ((uintptr_t) header ^ MIR_HEAP_TAG_FREED)
                      ? "freed twice"
                      : "not a live block of this allocator",
                  block);
  return header;
}

/* Allocate a block of SIZE bytes with a header of the kind TAG from BELOW.  */
static inline void *mir_heap_header_malloc (MIR_alloc_t below, size_t size, uintptr_t tag) {
  if (size > SIZE_MAX - MIR_HEAP_HEADER) return NULL;
  return mir_heap_set_header (MIR_malloc (below, size + MIR_HEAP_HEADER), size, tag);
}

/* The same, zeroed.  SIZE is a product that did not overflow.  */
static inline void *mir_heap_header_calloc (MIR_alloc_t below, size_t size, uintptr_t tag) {
  if (size > SIZE_MAX - MIR_HEAP_HEADER) return NULL;
  return mir_heap_set_header (MIR_calloc (below, 1, size + MIR_HEAP_HEADER), size, tag);
}

/* Resize the block of HEADER, a result of mir_heap_checked, whose size is the old size.  On failure
   the block is unchanged.  A shrink never fails: where BELOW refuses it, the block is returned as it
   is, and its size in the header stays too, because that is what BELOW must be told next.  */
static inline void *mir_heap_header_realloc (MIR_alloc_t below, struct mir_heap_header *header,
                                             size_t new_size, uintptr_t tag) {
  if (new_size > SIZE_MAX - MIR_HEAP_HEADER) return NULL;
  void *res = mir_heap_set_header (
      MIR_realloc (below, header, header->size + MIR_HEAP_HEADER, new_size + MIR_HEAP_HEADER),
      new_size, tag);
  return res == NULL && new_size <= header->size ? (char *) header + MIR_HEAP_HEADER : res;
}

/* Free the block of HEADER, a result of mir_heap_checked.  */
static inline void mir_heap_header_free (MIR_alloc_t below, struct mir_heap_header *header) {
  header->magic = (uintptr_t) header ^ MIR_HEAP_TAG_FREED;
  MIR_free (below, header);
}

#endif /* MIR_HEAP_SIZE_HEADER_H */
