/* Counts what goes through the two vtables.  */
#include "counting-alloc.h"

#include <stdint.h> /* SIZE_MAX */

/* The size of a block, in front of it, since free is not told.

     [ header | block ... ]
              ^ the caller's pointer, aligned as the header is  */
union header {
  size_t size; /* bytes of the block */
  max_align_t align;
};

#define BLOCK_MAX (SIZE_MAX - sizeof (union header))

/* Count a new block of SIZE bytes behind HEADER and return it.  */
static void *count_block (struct counting_alloc *counting, union header *header, size_t size) {
  header->size = size;
  counting->calls++;
  counting->live_blocks++;
  counting->live_bytes += size;
  if (counting->peak_bytes < counting->live_bytes) counting->peak_bytes = counting->live_bytes;
  return header + 1;
}

static void forget_block (struct counting_alloc *counting, size_t size) {
  counting->live_blocks--;
  counting->live_bytes -= size;
}

static void *counting_malloc (size_t size, void *user_data) {
  struct counting_alloc *counting = (struct counting_alloc *) user_data;
  union header *header;
  if (size > BLOCK_MAX) return NULL;
  header = (union header *) MIR_malloc (counting->inner, sizeof (*header) + size);
  return header == NULL ? NULL : count_block (counting, header, size);
}

static void *counting_calloc (size_t num, size_t size, void *user_data) {
  struct counting_alloc *counting = (struct counting_alloc *) user_data;
  union header *header;
  if (size != 0 && num > BLOCK_MAX / size) return NULL;
  header = (union header *) MIR_calloc (counting->inner, 1, sizeof (*header) + num * size);
  return header == NULL ? NULL : count_block (counting, header, num * size);
}

static void *counting_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  struct counting_alloc *counting = (struct counting_alloc *) user_data;
  union header *header;
  if (ptr == NULL) return counting_malloc (new_size, user_data);
  if (new_size > BLOCK_MAX) return NULL;
  header = (union header *) ptr - 1;
  assert (header->size == old_size); /* the contract asks this of the caller */
  header = (union header *) MIR_realloc (counting->inner, header, sizeof (*header) + old_size,
                                         sizeof (*header) + new_size);
  if (header == NULL) return NULL; /* the old block stays, and stays counted */
  forget_block (counting, old_size);
  return count_block (counting, header, new_size);
}

static void counting_free (void *ptr, void *user_data) {
  struct counting_alloc *counting = (struct counting_alloc *) user_data;
  union header *header;
  if (ptr == NULL) return;
  header = (union header *) ptr - 1;
  forget_block (counting, header->size);
  MIR_free (counting->inner, header);
}

void counting_alloc_init (struct counting_alloc *counting, MIR_alloc_t inner) {
  *counting = (struct counting_alloc) {.alloc = {.malloc = counting_malloc,
                                                 .calloc = counting_calloc,
                                                 .realloc = counting_realloc,
                                                 .free = counting_free,
                                                 .user_data = counting},
                                       .inner = inner};
}

static void *counting_map (size_t len, void *user_data) {
  struct counting_code_alloc *counting = (struct counting_code_alloc *) user_data;
  void *range = MIR_mem_map (counting->inner, len);
  if (MIR_mem_map_failed (range)) return range;
  counting->maps++;
  counting->mapped_bytes += len;
  counting->live_bytes += len;
  if (counting->peak_bytes < counting->live_bytes) counting->peak_bytes = counting->live_bytes;
  return range;
}

static int counting_unmap (void *ptr, size_t len, void *user_data) {
  struct counting_code_alloc *counting = (struct counting_code_alloc *) user_data;
  int result = MIR_mem_unmap (counting->inner, ptr, len);
  if (result == 0) counting->live_bytes -= len;
  return result;
}

static int counting_protect (void *ptr, size_t len, MIR_mem_protect_t prot, void *user_data) {
  struct counting_code_alloc *counting = (struct counting_code_alloc *) user_data;
  int result = MIR_mem_protect (counting->inner, ptr, len, prot);
  if (result == 0) counting->protects++;
  return result;
}

void counting_code_alloc_init (struct counting_code_alloc *counting, MIR_code_alloc_t inner) {
  *counting = (struct counting_code_alloc) {.alloc = {.mem_map = counting_map,
                                                      .mem_unmap = counting_unmap,
                                                      .mem_protect = counting_protect,
                                                      .user_data = counting},
                                            .inner = inner};
}
