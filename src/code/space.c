/* The pools of a space, and the slab which holds an address.  */
#include "code/space.h"

#include <string.h> /* memset */

#include "code/fork.h"
#include "code/pool.h"
#include "code/types.h"

/* As mir_space_init, with *SPACE all 0 but for its owner, access and shift.  */
static MIR_code_status_t init_space (struct MIR_code_space *space,
                                     const MIR_code_options_t *options,
                                     const struct mir_backend *backend) {
  space->options = *options;
  space->alloc = options->alloc;
  space->code_alloc = options->code_alloc;
  space->backend = backend;
  if (options->hooks != NULL) {
    space->own_hooks = *options->hooks;
    space->hooks = space->options.hooks = &space->own_hooks;
  }
  space->page_size = mir_os_page_size ();
  space->unit = backend->unit != 0 ? backend->unit : space->page_size;
  /* A huge page takes the place of a page table, a page of entries of 8 bytes each.  */
  size_t huge_page = space->page_size / sizeof (uint64_t) * space->page_size;
  space->huge = options->huge_pages && backend->collapse != NULL && huge_page == MIR_HUGE_PAGE;
  space->shared = backend == &mir_backend_flip; /* its mem_protect calls come one at a time */
  if (mir_os_lock_init (&space->lock) != 0) return MIR_CODE_NO_MEMORY;
  if (mir_pool_init (&space->first, space) == MIR_CODE_OK) return MIR_CODE_OK;
  mir_os_lock_destroy (&space->lock);
  return MIR_CODE_NO_MEMORY;
}

MIR_code_status_t mir_space_init (struct MIR_code_space *space, const MIR_code_options_t *options,
                                  const struct mir_backend *backend) {
  memset (space, 0, sizeof (*space));
  space->owner = space;
  space->access = MIR_CODE_READ_EXEC;
  space->shift = MIR_CODE_SHIFT;
  return init_space (space, options, backend);
}

MIR_code_status_t mir_space_init_part (struct MIR_code_space *part, struct MIR_code_space *owner,
                                       MIR_code_access_t access, const MIR_code_options_t *options,
                                       const struct mir_backend *backend) {
  memset (part, 0, sizeof (*part));
  part->owner = owner;
  part->access = access;
  part->shift = access == MIR_CODE_READ_EXEC ? MIR_CODE_SHIFT : MIR_DATA_SHIFT;
  return init_space (part, options, backend);
}

void mir_space_destroy (struct MIR_code_space *space) {
  mir_pool_finish (&space->first);
  mir_os_lock_destroy (&space->lock);
}

/*---------------- Pools -----------------------------*/

enum { MAX_POOLS = 32 }; /* without the first; more writers share pools */

/* The pool with the fewest writers; NULL if none is idle and there may be another one.  The lock of
   the space is held.  */
static struct mir_pool *best_pool (struct MIR_code_space *space) {
  struct mir_pool *best = NULL;
  unsigned pools = 0;
  if (space->shared) return &space->first;
  for (struct mir_pool *pool = mir_pool_next (&space->first); pool != NULL;
       pool = mir_pool_next (pool), pools++)
    if (best == NULL || pool->writers < best->writers) best = pool;
  return best != NULL && (best->writers == 0 || pools >= MAX_POOLS) ? best : NULL;
}

struct mir_pool *mir_space_get_pool (struct MIR_code_space *space) {
  struct mir_pool *pool = best_pool (space);
  if (pool != NULL) pool->writers++;
  return pool;
}

MIR_code_status_t mir_space_ensure_pool (struct MIR_code_space *space) {
  mir_os_lock (&space->lock);
  int found = best_pool (space) != NULL;
  mir_os_unlock (&space->lock);
  if (found) return MIR_CODE_OK;
  struct mir_pool *fresh = (struct mir_pool *) MIR_malloc (space->alloc, sizeof (*fresh));
  if (fresh == NULL) return MIR_CODE_NO_MEMORY;
  MIR_code_status_t status = mir_pool_init (fresh, space);
  if (status != MIR_CODE_OK) {
    MIR_free (space->alloc, fresh);
    return status;
  }
  mir_watch_pool (fresh);
  return MIR_CODE_OK;
}

void mir_space_leave_pool (struct mir_pool *pool) {
  pool->writers--;
}

struct mir_slab *mir_space_lock_found (struct MIR_code_space *space, const void *addr) {
  struct mir_directory_find found;
  while (mir_directory_find (&space->directory, (uintptr_t) addr, &found) == 0) {
    mir_os_lock (&found.pool->lock);
    if (mir_directory_unchanged (&space->directory, &found)) return found.slab;
    mir_os_unlock (&found.pool->lock);
  }
  return NULL;
}
