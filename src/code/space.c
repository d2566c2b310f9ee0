/* A space: its arenas, and which slab an address is in.  */
#include <string.h> /* memset */

#include "code/space.h"

MIR_code_status_t mir_space_init (struct MIR_code_space *space, const MIR_code_options_t *options,
                                  const struct mir_backend *backend) {
  memset (space, 0, sizeof (*space));
  space->options = *options;
  space->alloc = options->alloc;
  space->code_alloc = options->code_alloc;
  space->backend = backend;
  space->hooks = options->hooks;
  space->page_size = mir_os_page_size ();
  space->unit = backend->unit != 0 ? backend->unit : space->page_size;
  space->shared = backend == &mir_backend_flip; /* its mem_protect is called one at a time */
  if (mir_os_lock_init (&space->lock) != 0) return MIR_CODE_NO_MEMORY;
  if (mir_arena_init (&space->first, space) == MIR_CODE_OK) return MIR_CODE_OK;
  mir_os_lock_destroy (&space->lock);
  return MIR_CODE_NO_MEMORY;
}

/*---------------- Arenas -----------------------------*/

/* The lock is held.  */
static struct mir_arena *find_idle (struct MIR_code_space *space) {
  if (space->shared) return &space->first;
  struct mir_arena *arena = mir_arena_next (&space->first);
  while (arena != NULL && !arena->idle) arena = mir_arena_next (arena);
  return arena;
}

struct mir_arena *mir_space_get_arena (struct MIR_code_space *space) {
  mir_os_lock (&space->lock);
  struct mir_arena *arena = find_idle (space);
  if (arena != NULL) arena->idle = 0;
  mir_os_unlock (&space->lock);
  return arena;
}

MIR_code_status_t mir_space_need_arena (struct MIR_code_space *space) {
  mir_os_lock (&space->lock);
  int found = find_idle (space) != NULL;
  mir_os_unlock (&space->lock);
  if (found) return MIR_CODE_OK;
  struct mir_arena *fresh = (struct mir_arena *) MIR_malloc (space->alloc, sizeof (*fresh));
  if (fresh == NULL) return MIR_CODE_NO_MEMORY;
  MIR_code_status_t status = mir_arena_init (fresh, space);
  if (status != MIR_CODE_OK) {
    MIR_free (space->alloc, fresh);
    return status;
  }
  fresh->idle = 1;
  mir_watch_arena (fresh);
  return MIR_CODE_OK;
}

void mir_space_leave_arena (struct mir_arena *arena) {
  mir_os_lock (&arena->space->lock);
  arena->idle = arena != &arena->space->first;
  mir_os_unlock (&arena->space->lock);
}

struct mir_slab *mir_space_lock_slab (struct MIR_code_space *space, const void *addr) {
  struct mir_directory_find found;
  while (mir_directory_find (&space->directory, (uintptr_t) addr, &found) == 0) {
    mir_os_lock (&found.arena->lock);
    /* A slab leaves its arena with the lock held only.  */
    if (mir_directory_unchanged (&space->directory, &found)) return found.slab;
    mir_os_unlock (&found.arena->lock);
  }
  return NULL;
}
