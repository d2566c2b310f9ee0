/* Changes of published code: a word while threads run it, or any bytes while none does.  */
#include "mir-code.h"

#include <stdatomic.h>
#include <string.h> /* memcpy */

#include "code/part.h"
#include "code/types.h"
#include "code/write.h"

/* As in mir.h and in MIR's own, one of which callers of MIR_code_update include.  */
struct MIR_code_reloc {
  size_t offset; /* bytes from the base */
  const void *value;
};

/* COUNT relocations at BASE.  SIZE 0: store the pointers relocs[i].value; else copy SIZE bytes from
   each relocs[i].value.  */
struct edit {
  uint8_t *base;
  size_t count;
  const struct MIR_code_reloc *relocs;
  size_t size; /* bytes */
};

enum { BYTES_ON_STACK = 512 }; /* for chunks and old bytes; larger edits allocate */

/* Whether the LEN bytes at ADDR, in SLAB, are within one code block that is published and not freed.
   The lock of the pool is held.  */
static int is_published (const struct mir_slab *slab, uintptr_t addr, size_t len) {
  size_t offset = addr - (uintptr_t) slab->pages.rx;
  uint32_t first = mir_granules_block (&slab->granules, (uint32_t) (offset >> slab->shift));
  if (first == MIR_NO_GRANULE) return 0;
  uint32_t last = mir_granules_block_last (&slab->granules, first);
  return !mir_granules_is_pinned (&slab->granules, last)
         && len <= (((size_t) last + 1) << slab->shift) - offset;
}

/*---------------- Many places -----------------------------*/

/* The bytes at each place.  */
static size_t place_len (const struct edit *edit) {
  return edit->size != 0 ? edit->size : sizeof (void *);
}

/* The bytes to write at place I: the pointer itself or what it points to.  */
static const uint8_t *source (const struct edit *edit, size_t i) {
  return (const uint8_t *) (edit->size != 0 ? edit->relocs[i].value
                                            : (const void *) &edit->relocs[i].value);
}

/* The slab which holds ADDR, in the pool of SLAB, which is locked; else NULL.  */
static struct mir_slab *slab_beside (struct mir_slab *slab, uintptr_t addr) {
  struct mir_directory_find found;
  if (addr - (uintptr_t) slab->pages.rx < slab->pages.len) return slab;
  if (mir_directory_find (&slab->pool->space->directory, addr, &found) != 0
      || found.pool != slab->pool)
    return NULL;
  return found.slab; /* which stays while its pool is locked */
}

/* Fill CHUNKS.  Returns 0, or -1 when a place is not in published code.  SLAB holds the first
   place; its pool is locked.  */
static int find_places (struct mir_slab *slab, const struct edit *edit, struct mir_chunk *chunks) {
  for (size_t i = 0; i < edit->count; i++) {
    uintptr_t base = (uintptr_t) edit->base, offset = edit->relocs[i].offset;
    if (offset > UINTPTR_MAX - base) return -1;
    slab = slab_beside (slab, base + offset);
    if (slab == NULL || !is_published (slab, base + offset, place_len (edit))) return -1;
    chunks[i].slab = slab;
    chunks[i].to = edit->base + offset;
    chunks[i].from = source (edit, i);
    chunks[i].len = place_len (edit);
  }
  return 0;
}

/* Write all places, which are in published code of one pool, or on failure none.  No lock is held.  */
static MIR_code_status_t edit_places (struct MIR_code_space *space, const struct edit *edit) {
  union {
    struct mir_chunk chunks[1];
    uint8_t bytes[BYTES_ON_STACK];
  } on_stack;
  uint8_t *memory = on_stack.bytes;
  size_t len = place_len (edit), count = edit->count;
  MIR_code_status_t status = MIR_CODE_NOT_OURS;
  if (count == 0) return MIR_CODE_OK;
  if (len > SIZE_MAX / 2 || count > SIZE_MAX / (len + sizeof (struct mir_chunk)))
    return MIR_CODE_TOO_LARGE;
  size_t needed = count * (len + sizeof (struct mir_chunk));
  if (needed > sizeof (on_stack)
      && (memory = (uint8_t *) MIR_malloc (space->alloc, needed)) == NULL)
    return MIR_CODE_NO_MEMORY;
  struct mir_chunk *chunks = (struct mir_chunk *) (void *) memory;
  uintptr_t first = (uintptr_t) edit->base + edit->relocs[0].offset; /* find_places checks it */
  struct mir_slab *slab = mir_part_lock_code (space, (const void *) first);
  if (slab != NULL) {
    if (find_places (slab, edit, chunks) == 0)
      status = mir_write (chunks, count, (uint8_t *) (chunks + count));
    slab->pool->patched += status == MIR_CODE_OK;
    mir_os_unlock (&slab->pool->lock);
  }
  if (status == MIR_CODE_OK) mir_os_sync_cores_for_new ();
  if (memory != on_stack.bytes) MIR_free (space->alloc, memory);
  return status;
}

MIR_code_status_t MIR_code_change (MIR_code_space_t space, void *addr, const void *bytes,
                                   size_t len) {
  struct MIR_code_reloc reloc = {.value = bytes};
  struct edit edit = {.base = (uint8_t *) addr, .count = 1, .relocs = &reloc, .size = len};
  return len == 0 ? MIR_CODE_NOT_OURS : edit_places (space, &edit);
}

MIR_code_status_t MIR_code_patch_stopped (MIR_code_space_t space, void *addr, const void *bytes,
                                          size_t len) {
  MIR_code_status_t status = MIR_code_change (space, addr, bytes, len);
  if (status == MIR_CODE_OK) mir_os_sync_cores ();
  return status;
}

MIR_code_status_t MIR_code_update (MIR_code_space_t space, uint8_t *base, size_t num,
                                   const struct MIR_code_reloc *relocs) {
  struct edit edit = {.base = base, .count = num, .relocs = relocs, .size = 0};
  return edit_places (space, &edit);
}

/*---------------- One word -----------------------------*/

MIR_code_status_t MIR_code_patch (MIR_code_space_t space, void *addr, const void *bytes,
                                  size_t len) {
  size_t offset = (uintptr_t) addr % sizeof (uint64_t);
  uint8_t word[sizeof (uint64_t)], old[sizeof (word)];
  if (!space->backend->whole_words || len > sizeof (word) - offset) return MIR_CODE_NOT_ATOMIC;
  struct mir_slab *slab = mir_part_lock_code (space, addr);
  if (slab == NULL) return MIR_CODE_NOT_OURS;
  MIR_code_status_t status = MIR_CODE_NOT_OURS;
  if (len > 0 && is_published (slab, (uintptr_t) addr, len)) {
    uint8_t *start = (uint8_t *) addr - offset;
    struct mir_chunk chunk = {.slab = slab, .to = start, .from = word, .len = sizeof (word)};
    memcpy (word, start, sizeof (word));
    memcpy (word + offset, bytes, len);
    status = mir_write (&chunk, 1, old);
    slab->pool->patched += status == MIR_CODE_OK;
  }
  mir_os_unlock (&slab->pool->lock);
  if (status == MIR_CODE_OK) mir_os_sync_cores_for_new ();
  return status;
}
