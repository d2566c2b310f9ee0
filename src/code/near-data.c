/* Writable data near code: pieces of the part of a space for it.  A piece that stands alone is not
   pinned; one of an object is, so that nobody frees it but the object.  */
#include "code/near-data.h"

#include <string.h> /* memset */

#include "code/part.h"
#include "code/pool.h"
#include "code/slab.h"
#include "code/space.h"

enum { PIECE_ALIGNMENT = 1 << MIR_DATA_SHIFT }; /* bytes: the least */

/* Fill the N granules of BLOCK with zeros where they may hold something else.  The lock is held.  */
static void clear_block (const struct mir_block *block, uint32_t n) {
  struct mir_slab *slab = block->slab;
  size_t start = mir_slab_offset (slab, block->first), bound = start + mir_slab_offset (slab, n);
  size_t at = start & ~(size_t) (MIR_BACKED_UNIT - 1), end;
  while ((at = mir_backed_next (slab->backed, at, bound, 1)) < bound) {
    end = mir_backed_next (slab->backed, at, bound, 0);
    size_t from = at > start ? at : start;
    memset (slab->pages.rx + from, 0, end - from);
    at = end;
  }
}

MIR_code_status_t mir_data_take (struct MIR_code_space *part, size_t len, size_t alignment,
                                 struct mir_block *block) {
  uint32_t n = mir_data_granules_for (len, MIR_DATA_SHIFT);
  if (n == 0) return MIR_CODE_TOO_LARGE;
  MIR_code_status_t status = mir_take_aligned (&part->first, n, alignment, block);
  if (status != MIR_CODE_OK) return status;
  struct mir_pool *pool = block->slab->pool;
  clear_block (block, n);
  status = mir_slab_populate (block->slab, block->first, block->first + n);
  if (status != MIR_CODE_OK) {
    mir_pool_release (block->slab, block->first, block->first + n - 1);
    block->slab = NULL;
    mir_os_unlock (&pool->lock);
  }
  return status;
}

MIR_code_status_t MIR_code_data_new (MIR_code_space_t space, size_t len, size_t alignment,
                                     void **data) {
  struct MIR_code_space *part;
  struct mir_block block;
  if ((alignment & (alignment - 1)) != 0 || alignment > MIR_CODE_MAX_ALIGNMENT)
    return MIR_CODE_BAD_OPTION;
  if (alignment < PIECE_ALIGNMENT) alignment = PIECE_ALIGNMENT;
  MIR_code_status_t status = mir_part_ensure (space, MIR_CODE_READ_WRITE, &part);
  if (status != MIR_CODE_OK) return status;
  if (len > space->range.len) return MIR_CODE_TOO_LARGE;
  if ((status = mir_data_take (part, len, alignment, &block)) != MIR_CODE_OK) return status;
  struct mir_granules *granules = &block.slab->granules;
  mir_granules_unpin (granules, mir_granules_block_last (granules, block.first));
  *data = mir_slab_address (block.slab, block.first);
  mir_os_unlock (&block.slab->pool->lock);
  return MIR_CODE_OK;
}

MIR_code_status_t MIR_code_data_free (MIR_code_space_t space, void *data) {
  struct MIR_code_space *part = mir_part (space, MIR_CODE_READ_WRITE);
  struct mir_slab *dropped = NULL, *slab;
  MIR_code_status_t status = MIR_CODE_NOT_OURS;
  if (data == NULL) return MIR_CODE_OK;
  if (part == NULL || (slab = mir_space_lock_slab (part, data)) == NULL) return status;
  struct mir_pool *pool = slab->pool;
  uint32_t first = mir_slab_granule (slab, data);
  if ((uintptr_t) data % PIECE_ALIGNMENT == 0 && mir_granules_is_block (&slab->granules, first)) {
    uint32_t last = mir_granules_block_last (&slab->granules, first);
    if (!mir_granules_is_pinned (&slab->granules, last)) {
      mir_pool_release (slab, first, last);
      status = MIR_CODE_OK;
      if (mir_slab_is_empty (slab))
        dropped = mir_pool_unlink_empty (pool, part->options.purge_ms, 0 /* not all */);
    }
  }
  mir_os_unlock (&pool->lock);
  mir_pool_drop_slabs (dropped);
  return status;
}
