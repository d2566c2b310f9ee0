/* Code that is written where it will run.  Executable memory is mapped elsewhere, gets a copy, and is
   moved over the writable memory in one step; so no memory is ever both, and no memory becomes
   executable, which PR_SET_MDWE would refuse.  */
#include "code/in-place.h"

#include <string.h> /* memcpy */

#include "code/fork.h"
#include "code/pool.h"
#include "code/probe.h"
#include "code/slab.h"
#include "code/status.h"
#include "os/cancel.h"

MIR_code_status_t mir_in_place_take (struct mir_pool *pool, size_t len, struct mir_block *block) {
  uint32_t n = mir_granules_for (len);
  struct mir_slab *slab;
  MIR_code_status_t status = mir_pool_reserve_metadata (pool, MIR_NO_TABLE);
  if (status != MIR_CODE_OK) return status;
  mir_os_unlock (&pool->lock);
  status = mir_slab_make_in_place (pool, n, &slab);
  if (mir_pools_make_way (pool->space, status) > 0)
    status = mir_slab_make_in_place (pool, n, &slab);
  if (status != MIR_CODE_OK) return status;
  if ((status = mir_pool_add_slab (pool, slab)) != MIR_CODE_OK) return status;
  struct mir_placement all = {.slab = slab, .len = slab->granules.count};
  mir_pool_take (&all, all.len);
  mir_granules_pin (&slab->granules, all.len - 1);
  block->slab = slab;
  block->first = 0;
  mir_os_unlock (&pool->lock);
  return MIR_CODE_OK;
}

/* Map executable memory as large as SLAB, anywhere, with a copy of the first LEN bytes of SLAB, which
   are whole pages.  Nobody else knows it yet.  */
static MIR_code_status_t make_copy (const struct mir_slab *slab, size_t len,
                                    struct mir_pages *copy) {
  const struct MIR_code_space *space = slab->pool->space;
  const struct mir_backend *backend = space->backend;
  uint8_t *writable;
  *copy = slab->pages; /* what is set before map */
  unsigned generation = mir_generation ();
  MIR_code_status_t status = backend->map (copy, slab->pages.len, NULL);
  if (status != MIR_CODE_OK) return status;
  copy->generation = generation;
  if (backend->populate != NULL) status = backend->populate (copy, copy->rx, len);
  if (status == MIR_CODE_OK) status = backend->open (copy, copy->rx, len, &writable);
  if (status == MIR_CODE_OK) {
    memcpy (writable, slab->pages.rx, len);
    status = backend->close (copy, copy->rx, len, writable);
  }
  if (status != MIR_CODE_OK) (void) backend->unmap (copy);
  return status;
}

/* Put COPY, with memory for LEN bytes, under SLAB.  Returns 0, or -1 if that is refused.  The lock of the
   pool is held.  */
static int replace (struct mir_slab *slab, struct mir_pages *copy, size_t len) {
  const struct mir_backend *backend = slab->pool->space->backend;
  uint64_t calls = slab->pages.system_calls;
  if (backend->move (copy, slab->pages.rx) != 0) return -1;
  slab->pages = *copy;
  slab->pages.system_calls += calls;
  slab->backend = backend;
  slab->in_place = 0;
  mir_slab_set_backed (slab, 0, slab->pages.len, 0);
  mir_slab_set_backed (slab, 0, len, 1);
  return 0;
}

/* Put a copy of the first LEN bytes of SLAB in their place, and note TAG, unless that is 0.  *AGAIN: there
   was a fork meanwhile, and the copy is another process's memory, too.  What may be refused comes
   first.  */
static MIR_code_status_t try_to_commit (struct mir_slab *slab, size_t len, uint64_t tag,
                                        int *again) {
  struct mir_pool *pool = slab->pool;
  const struct mir_backend *backend = pool->space->backend;
  struct mir_pages copy;
  *again = 0;
  MIR_code_status_t status = make_copy (slab, len, &copy);
  if (status != MIR_CODE_OK) return mir_status_of_refusal (status, 2 * slab->pages.len);
  status = mir_pool_reserve_metadata (pool, tag != 0 ? MIR_TAGS : MIR_NO_TABLE);
  if (status != MIR_CODE_OK) {
    (void) backend->unmap (&copy);
    return status;
  }
  *again = copy.generation != mir_generation ();
  int refused = *again || replace (slab, &copy, len) != 0;
  if (!refused && tag != 0) mir_tags_add (&pool->tags, (uintptr_t) slab->pages.rx, tag);
  mir_os_unlock (&pool->lock);
  if (!refused) return MIR_CODE_OK;
  status = mir_status_of_refusal (MIR_CODE_MAP_REFUSED, 2 * slab->pages.len);
  (void) backend->unmap (&copy);
  return status;
}

/* mir_in_place_commit, with cancellation held off.  The rest of the slab becomes free when hooks know
   of its mapping.  */
static MIR_code_status_t commit (struct mir_slab *slab, size_t len, uint64_t tag) {
  struct mir_pool *pool = slab->pool;
  size_t page = pool->space->page_size, pages_len = (len + page - 1) & ~(page - 1);
  MIR_code_status_t status;
  int again;
  do status = try_to_commit (slab, pages_len, tag, &again);
  while (again);
  if (status != MIR_CODE_OK) return status;
  mir_slab_notify_mapped (slab);
  mir_os_lock (&pool->lock);
  mir_pool_shrink (slab, 0, mir_granules_for (len));
  mir_os_unlock (&pool->lock);
  return MIR_CODE_OK;
}

/* The general allocator, which may leave by longjmp, is called before anything is mapped; and once more
   only if another thread has taken the room.  */
MIR_code_status_t mir_in_place_commit (const struct mir_block *block, size_t len, uint64_t tag) {
  struct mir_pool *pool = block->slab->pool;
  MIR_code_status_t room = mir_pool_reserve_metadata (pool, tag != 0 ? MIR_TAGS : MIR_NO_TABLE);
  if (room != MIR_CODE_OK) return room;
  mir_os_unlock (&pool->lock);
  int held = mir_os_hold_cancel (); /* back ends open and close files */
  MIR_code_status_t status = commit (block->slab, len, tag);
  mir_os_let_cancel (held);
  return status;
}

void mir_in_place_abort (const struct mir_block *block) {
  struct mir_slab *slab = block->slab;
  struct mir_pool *pool = slab->pool;
  mir_os_lock (&pool->lock);
  slab->frozen = slab->in_place; /* nobody publishes in writable memory */
  mir_pool_release (slab, 0, mir_granules_block_last (&slab->granules, 0));
  mir_os_unlock (&pool->lock);
  mir_pool_drop_slab (pool, slab);
}
