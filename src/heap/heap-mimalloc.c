/* A mimalloc heap of one's own.  */
#include "heap/heap.h"

#include <mimalloc.h>

#include "heap/annotate.h"

struct heap {
  struct MIR_heap pub;
  mi_heap_t *heap;
};

/* mimalloc aligns blocks of up to 8 bytes to 8 only.  */
static size_t padded (size_t size) {
  return size < _Alignof(max_align_t) ? _Alignof(max_align_t) : size;
}

static void *heap_malloc (size_t size, void *user_data) {
  return mi_heap_malloc (((struct heap *) user_data)->heap, padded (size));
}

static void *heap_calloc (size_t num, size_t size, void *user_data) {
  size_t len;
  if (mir_heap_overflows (num, size, &len)) return NULL;
  return mi_heap_zalloc (((struct heap *) user_data)->heap, padded (len));
}

static void *heap_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  (void) old_size;
  return mi_heap_realloc (((struct heap *) user_data)->heap, ptr, padded (new_size));
}

static void heap_free (void *ptr, void *user_data) {
  (void) user_data;
  mi_free (ptr);
}

MIR_heap_status_t MIR_heap_create (MIR_heap_t *res) {
  struct heap *heap = (struct heap *) mi_malloc (sizeof (*heap));
  if (heap == NULL) return MIR_HEAP_NO_MEMORY;
  heap->heap = mi_heap_new ();
  if (heap->heap == NULL) {
    mi_free (heap);
    return MIR_HEAP_NO_MEMORY;
  }
  heap->pub.alloc = (struct MIR_alloc){heap_malloc, heap_calloc, heap_realloc, heap_free, heap};
  *res = &heap->pub;
  return MIR_HEAP_OK;
}

static bool note_gone (const mi_heap_t *heap, const mi_heap_area_t *area, void *block, size_t size,
                       void *arg) {
  (void) heap, (void) area, (void) arg;
  if (block != NULL) mir_note_heap_gone (block, size);
  return true;
}

/* mimalloc does not tell checkers of blocks which end with their heap.  */
void MIR_heap_finish (MIR_heap_t pub) {
  struct heap *heap = (struct heap *) pub;
  if (heap == NULL) return;
  if (MIR_MIMALLOC_IS_TRACKED) mi_heap_visit_blocks (heap->heap, true, note_gone, NULL);
  mi_heap_destroy (heap->heap);
  mi_free (heap);
}
