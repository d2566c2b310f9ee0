/* The end of code blocks: they are freed, wait for the end of a grace period, and are reclaimed.
   Any thread.  Static functions that do not take the lock of the pool are called with it held.  */
#include "code/reclaim.h"

#include "code/pool.h"
#include "code/slab.h"
#include "code/space.h"
#include "code/types.h"
#include "code/write.h"
#include "os/cancel.h"

enum { ENTRY = 16 }; /* bytes that MIR_CODE_POISON_ENTRY overwrites */

/* A code block: the granules from FIRST to LAST of SLAB.  */
struct block {
  struct mir_slab *slab;
  uint32_t first, last;
};

static uint8_t *address_of (const struct block *block) {
  return mir_slab_address (block->slab, block->first);
}

static size_t size_of (const struct block *block) {
  return mir_slab_offset (block->slab, block->last - block->first + 1);
}

/* Set *BLOCK to the block that starts at ADDR and may be freed, with its pool locked.  Returns 0, or
   -1 if there is none, and nothing is locked.  */
static inline int lock_block (struct MIR_code_space *space, const void *addr, struct block *block) {
  struct mir_slab *slab = mir_space_lock_slab (space, addr);
  if (slab == NULL) return -1;
  block->slab = slab;
  block->first = mir_slab_granule (slab, addr);
  if ((uintptr_t) addr % MIR_GRANULE == 0
      && mir_granules_is_block (&slab->granules, block->first)) {
    block->last = mir_granules_block_last (&slab->granules, block->first);
    if (!mir_granules_is_pinned (&slab->granules, block->last)) return 0;
  }
  mir_os_unlock (&slab->pool->lock);
  return -1;
}

/* Overwrite BLOCK, or its beginning, with traps: a stale pointer then stops the program.  */
static MIR_code_status_t poison (const struct block *block) {
  int all = block->slab->pool->space->options.poison == MIR_CODE_POISON_ALL;
  return mir_write_traps (block->slab, address_of (block), all ? size_of (block) : ENTRY);
}

/* Remove the tag of the block at ADDR.  Returns the cell if the block is a thunk, else NULL.  */
static MIR_code_cell_t *forget_block (struct mir_pool *pool, const uint8_t *addr) {
  struct mir_tag *tag = mir_tags_find (&pool->tags, (uintptr_t) addr);
  if (tag != NULL) mir_tags_remove (&pool->tags, tag);
  struct mir_tag *thunk = mir_tags_find (&pool->thunks, (uintptr_t) addr);
  if (thunk == NULL) return NULL;
  MIR_code_cell_t *cell = (MIR_code_cell_t *) (uintptr_t) thunk->value;
  mir_tags_remove (&pool->thunks, thunk);
  return cell;
}

/* Call the hook `freed` for the pinned BLOCK, with the lock released meanwhile.  A child which
   another thread forks meanwhile finds the notice, and retires the block (fork.c).  */
static void notify_freed (const struct block *block) {
  struct mir_pool *pool = block->slab->pool;
  const MIR_code_hooks_t *hooks = pool->space->hooks;
  const uint8_t *addr = address_of (block);
  if (mir_tags_find (&pool->thunks, (uintptr_t) addr) != NULL) return; /* not told to hooks */
  struct mir_tag *tag = mir_tags_find (&pool->tags, (uintptr_t) addr);
  MIR_code_event_t event = {
      .start = addr, .size = size_of (block), .tag = tag != NULL ? tag->value : 0};
  struct mir_notice notice = {.next = pool->notices, .addr = addr, .thread = mir_os_thread ()};
  pool->notices = &notice;
  mir_os_unlock (&pool->lock);      /* the pinned block stays as it is meanwhile */
  int held = mir_os_hold_cancel (); /* hooks must return */
  hooks->freed (hooks->user_data, &event);
  mir_os_let_cancel (held);
  mir_os_lock (&pool->lock);
  struct mir_notice **link = &pool->notices;
  while (*link != &notice) link = &(*link)->next;
  *link = notice.next;
}

/* The frames of BLOCK, which ends, are to be freed when the lock is not held.  */
static void end_frames (const struct block *block) {
  struct mir_pool *pool = block->slab->pool;
  struct mir_described *described = mir_frames_remove (block->slab, block->first);
  if (described == NULL) return;
  described->next = pool->described;
  pool->described = described;
}

/* Free the granules of BLOCK, which is one of MANY or alone.  Returns the cell if it is a thunk, else
   NULL.  */
static inline MIR_code_cell_t *end_block (const struct block *block, int many) {
  struct mir_pool *pool = block->slab->pool;
  MIR_code_cell_t *cell = NULL;
  if (block->slab->has_frames) end_frames (block);
  if (pool->tags.num != 0 || pool->thunks.num != 0) cell = forget_block (pool, address_of (block));
  if (many)
    mir_pool_release_one_of_many (block->slab, block->first, block->last);
  else
    mir_pool_release (block->slab, block->first, block->last);
  return cell;
}

/* Reclaim BLOCK.  The lock is held, and released around the hook, while the block is pinned.  The
   caller frees *CELL.  The unwinder forgets the block before poison may overwrite frames in it.  */
static inline MIR_code_status_t reclaim_block (const struct block *block, int many,
                                               MIR_code_cell_t **cell) {
  struct mir_pool *pool = block->slab->pool;
  const struct MIR_code_space *space = pool->space;
  MIR_code_status_t status;
  *cell = NULL;
  if (block->slab->has_frames) mir_frames_hide (block->slab, block->first);
  if (space->options.poison != MIR_CODE_KEEP && (status = poison (block)) != MIR_CODE_OK) {
    if (block->slab->has_frames) mir_frames_show (block->slab, block->first);
    return status;
  }
  if (space->hooks != NULL && space->hooks->freed != NULL) {
    mir_granules_pin (&block->slab->granules, block->last);
    notify_freed (block);
  }
  *cell = end_block (block, many);
  return MIR_CODE_OK;
}

MIR_code_status_t mir_reclaim_block (struct mir_slab *slab, uint32_t first, int how) {
  struct block block = {
      .slab = slab, .first = first, .last = mir_granules_block_last (&slab->granules, first)};
  const struct MIR_code_space *space = slab->pool->space;
  int many = (how & MIR_RECLAIM_MANY) != 0;
  MIR_code_cell_t *cell;
  MIR_code_status_t status = MIR_CODE_OK;
  if ((how & (MIR_RECLAIM_TOLD | MIR_RECLAIM_QUIET)) == 0)
    return reclaim_block (&block, many, &cell);
  if ((how & MIR_RECLAIM_TOLD) == 0 && space->options.poison != MIR_CODE_KEEP)
    status = poison (&block);
  if (status == MIR_CODE_OK) (void) end_block (&block, many);
  return status;
}

MIR_code_status_t MIR_code_free_now (MIR_code_space_t space, const void *addr) {
  struct block block;
  MIR_code_cell_t *cell;
  if (lock_block (space, addr, &block) != 0) return MIR_CODE_NOT_OURS;
  struct mir_pool *pool = block.slab->pool;
  MIR_code_status_t status = reclaim_block (&block, 0, &cell);
  struct mir_slab *dropped = NULL;
  if (status == MIR_CODE_OK && mir_slab_is_empty (block.slab))
    dropped = mir_pool_unlink_empty (pool, space->options.purge_ms, 0 /* not all */);
  if (cell != NULL) MIR_code_cell_free (space, cell); /* before a fork can come between */
  int has_described = pool->described != NULL;
  mir_os_unlock (&pool->lock);
  if (has_described) mir_pool_free_described (pool);
  if (dropped != NULL) mir_pool_drop_slabs (dropped);
  return status;
}

MIR_code_status_t MIR_code_free (MIR_code_space_t space, const void *addr) {
  struct block block;
  if (lock_block (space, addr, &block) != 0) return MIR_CODE_NOT_OURS;
  struct mir_pool *pool = block.slab->pool;
  mir_granules_pin (&block.slab->granules, block.last);
  mir_retired_add (&pool->retired, (const uint8_t *) addr, atomic_fetch_add (&space->grace, 0));
  pool->freed_granules += block.last - block.first + 1;
  mir_os_unlock (&pool->lock);
  return MIR_CODE_OK;
}

/* The slab of the freed block at ADDR, which stays as long as the block.  */
static struct mir_slab *slab_of (struct mir_pool *pool, const uint8_t *addr) {
  struct mir_directory_find found = {0};
  (void) mir_directory_find (&pool->space->directory, (uintptr_t) addr, &found);
  return found.slab;
}

/* Reclaim the blocks of POOL that were freed before GRACE ended.  Returns the last failure, if any.
   A block which cannot be poisoned does not keep the others waiting.  */
static MIR_code_status_t reclaim_in (struct mir_pool *pool, MIR_code_grace_t grace) {
  MIR_code_status_t status = MIR_CODE_OK;
  const uint8_t *addr;
  mir_os_lock (&pool->lock);
  mir_retired_begin (&pool->retired);
  for (uint32_t n = pool->retired.num;
       n > 0 && (addr = mir_retired_take (&pool->retired, grace)) != NULL; n--) {
    int told = (uintptr_t) addr % MIR_GRANULE == MIR_RETIRED_TOLD; /* before a fork */
    addr -= told;
    struct block block = {.slab = slab_of (pool, addr)};
    block.first = mir_slab_granule (block.slab, addr);
    block.last = mir_granules_block_last (&block.slab->granules, block.first);
    MIR_code_cell_t *cell;
    MIR_code_status_t one = MIR_CODE_OK;
    pool->freed_granules -= block.last - block.first + 1;
    if (told)
      cell = end_block (&block, 1);
    else
      one = reclaim_block (&block, 1, &cell);
    if (one != MIR_CODE_OK) {
      mir_retired_put_back (&pool->retired, addr, grace);
      pool->freed_granules += block.last - block.first + 1;
      status = one;
    }
    MIR_code_cell_free (pool->space, cell); /* the space's lock comes after the pool's */
  }
  struct mir_slab *dropped = mir_pool_unlink_empty (pool, pool->space->options.purge_ms, 0);
  int has_described = pool->described != NULL;
  mir_os_unlock (&pool->lock);
  if (has_described) mir_pool_free_described (pool);
  mir_pool_drop_slabs (dropped);
  return status;
}

MIR_code_status_t mir_reclaim_blocks (struct MIR_code_space *space, MIR_code_grace_t grace) {
  MIR_code_status_t status = MIR_CODE_OK;
  for (struct mir_pool *pool = &space->first; pool != NULL; pool = mir_pool_next (pool)) {
    MIR_code_status_t one = reclaim_in (pool, grace);
    if (one != MIR_CODE_OK) status = one;
  }
  return status;
}
