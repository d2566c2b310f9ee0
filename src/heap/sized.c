/* The sized allocator: remembers the size of every block in a header.  Any thread, if the allocator
   below allows it.  */
#include "heap/size-header.h"

struct sized {
  struct MIR_sized pub;
  MIR_alloc_t below;
};

static void *sized_malloc (size_t size, void *user_data) {
  struct sized *sized = (struct sized *) user_data;
  return mir_heap_header_malloc (sized->below, size, MIR_HEAP_TAG_SIZED);
}

static void *sized_calloc (size_t num, size_t size, void *user_data) {
  struct sized *sized = (struct sized *) user_data;
  size_t len;
  if (mir_heap_overflows (num, size, &len)) return NULL;
  return mir_heap_header_calloc (sized->below, len, MIR_HEAP_TAG_SIZED);
}

static void *sized_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  struct sized *sized = (struct sized *) user_data;
  (void) old_size;
  if (ptr == NULL) return sized_malloc (new_size, user_data);
  return mir_heap_header_realloc (sized->below, mir_heap_checked (ptr, MIR_HEAP_TAG_SIZED),
                                  new_size, MIR_HEAP_TAG_SIZED);
}

static void sized_free (void *ptr, void *user_data) {
  struct sized *sized = (struct sized *) user_data;
  if (ptr != NULL) mir_heap_header_free (sized->below, mir_heap_checked (ptr, MIR_HEAP_TAG_SIZED));
}

MIR_heap_status_t MIR_sized_create (MIR_alloc_t below, MIR_sized_t *res) {
  struct sized *sized = (struct sized *) mir_heap_new (&below, sizeof (*sized));
  if (sized == NULL) return MIR_HEAP_NO_MEMORY;
  sized->pub.alloc = MIR_HEAP_ALLOC (sized);
  sized->below = below;
  *res = &sized->pub;
  return MIR_HEAP_OK;
}

void MIR_sized_finish (MIR_sized_t pub) {
  struct sized *sized = (struct sized *) pub;
  if (sized != NULL) MIR_free (sized->below, sized);
}

size_t MIR_sized_size (const void *block) {
  return block == NULL ? 0 : mir_heap_checked (block, MIR_HEAP_TAG_SIZED)->size;
}
