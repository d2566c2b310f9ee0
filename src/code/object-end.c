/* The end of objects: their blocks are freed one after another, now or after a grace period.  What is
   being freed is noted in the space: its thread may be in the parent of this process.  */
#include "code/object-end.h"

#include "mir-code-object.h"
#include "code/part.h"
#include "code/pool.h"
#include "code/reclaim.h"
#include "code/slab.h"
#include "code/space.h"

/*---------------- Blocks -----------------------------*/

/* Pin the code block at FIRST in SLAB, which counts as freed from now on, or undo that.  The lock is
   held.  */
static void set_freed (struct mir_slab *slab, uint32_t first, int is_freed) {
  uint32_t last = mir_granules_block_last (&slab->granules, first), n = last - first + 1;
  if (mir_granules_is_pinned (&slab->granules, last) == (is_freed != 0)) return;
  if (is_freed)
    mir_granules_pin (&slab->granules, last);
  else
    mir_granules_unpin (&slab->granules, last);
  slab->pool->freed_granules += is_freed ? n : 0 - n;
}

/* Free the code block of OBJECT at FIRST in SLAB.  The lock is held, and released around the hook.  */
static MIR_code_status_t end_code (struct mir_slab *slab, uint32_t first, struct mir_object *object,
                                   int many) {
  uint32_t n = mir_granules_block_len (&slab->granules, first);
  int was_freed = mir_granules_is_pinned (&slab->granules, first + n - 1);
  int how = (many ? MIR_RECLAIM_MANY : 0) | (object->told ? MIR_RECLAIM_TOLD : 0)
            | (object->quiet ? MIR_RECLAIM_QUIET : 0);
  set_freed (slab, first, 1);
  object->told = 1; /* for a child, if a hook is called */
  MIR_code_status_t status = mir_reclaim_block (slab, first, how);
  if (status == MIR_CODE_OK) {
    slab->pool->freed_granules -= n;
    return MIR_CODE_OK;
  }
  object->told = (how & MIR_RECLAIM_TOLD) != 0;
  set_freed (slab, first, was_freed);
  return status;
}

/* Free the block of OBJECT with ACCESS, if it has one.  No lock is held.  On failure, which only poison
   meets, all is as it was.  */
static MIR_code_status_t end_part (struct MIR_code_space *space, struct mir_object *object,
                                   MIR_code_access_t access, int many) {
  MIR_code_status_t status = MIR_CODE_OK;
  struct mir_slab *dropped = NULL;
  if (object->blocks[access] == 0) return MIR_CODE_OK;
  uint8_t *addr = space->range.start + (size_t) (object->blocks[access] - 1) * MIR_OBJECT_UNIT;
  struct mir_slab *slab = mir_space_lock_slab (mir_part (space, access), addr);
  struct mir_pool *pool = slab->pool;
  uint32_t first = mir_slab_granule (slab, addr);
  uint32_t last = mir_granules_block_last (&slab->granules, first);
  if (access == MIR_CODE_READ_EXEC)
    status = end_code (slab, first, object, many);
  else if (many)
    mir_pool_release_one_of_many (slab, first, last);
  else
    mir_pool_release (slab, first, last);
  if (status == MIR_CODE_OK) object->blocks[access] = 0; /* a fork waits for the pool's lock */
  if (status == MIR_CODE_OK && mir_slab_is_empty (slab))
    dropped = mir_pool_unlink_empty (pool, pool->space->options.purge_ms, 0 /* not all */);
  int has_described = pool->described != NULL;
  mir_os_unlock (&pool->lock);
  if (has_described) mir_pool_free_described (pool);
  mir_pool_drop_slabs (dropped);
  return status;
}

/* Free all blocks of the object ENDING->handle, which is in no list but that of ending ones, and its
   record.  On failure only the list is as it was.  No lock is held, and afterwards that of SPACE: a fork
   finds the object, and its transient segments, in some list at all times.  */
static MIR_code_status_t end_object (struct MIR_code_space *space, struct mir_ending *ending,
                                     struct mir_object *object, int many) {
  MIR_code_status_t status = MIR_CODE_OK;
  for (int i = 0; i < MIR_PARTS && status == MIR_CODE_OK; i++)
    status = end_part (space, object, (MIR_code_access_t) i, many);
  mir_os_lock (&space->lock);
  struct mir_ending **link = &space->objects.ending;
  while (*link != ending) link = &(*link)->next;
  *link = ending->next;
  if (status == MIR_CODE_OK) mir_objects_give_back (&space->objects, ending->handle);
  return status;
}

/* Note ENDING, of this thread, for the object HANDLE.  The lock of SPACE is held.  */
static void begin_ending (struct MIR_code_space *space, struct mir_ending *ending,
                          uint32_t handle) {
  ending->handle = handle;
  ending->thread = mir_os_thread ();
  ending->next = space->objects.ending;
  space->objects.ending = ending;
}

/* The record of the live OBJECT, with the lock of SPACE held.  NULL: nothing is locked, and *STATUS is
   the reason.  */
static struct mir_object *lock_live (struct MIR_code_space *space, MIR_code_object_t object,
                                     MIR_code_status_t *status) {
  mir_os_lock (&space->lock);
  struct mir_object *found = mir_objects_find (&space->objects, (uintptr_t) object);
  if (found != NULL && found->quiet)
    found = NULL; /* transient segments have no handle of the caller's */
  if (found != NULL && found->state == MIR_OBJECT_LIVE) return found;
  *status = found == NULL ? MIR_CODE_NOT_OURS : MIR_CODE_BAD_ORDER;
  mir_os_unlock (&space->lock);
  return NULL;
}

/* End the live object with HANDLE at once.  The lock of SPACE is held, and released meanwhile.  */
static MIR_code_status_t end_now (struct MIR_code_space *space, uint32_t handle) {
  struct mir_ending ending;
  struct mir_object *object = mir_objects_find (&space->objects, handle);
  uint32_t transient = object->next;
  object->state = MIR_OBJECT_RETIRED;
  begin_ending (space, &ending, handle);
  mir_os_unlock (&space->lock);
  MIR_code_status_t status = end_object (space, &ending, object, 0);
  if (status == MIR_CODE_OK) return MIR_CODE_OK;
  object->state = MIR_OBJECT_LIVE;
  object->next = transient;
  return status;
}

/* The same for transient segments.  Those that cannot be poisoned wait for the next reclamation.  */
static void end_transient (struct MIR_code_space *space, uint32_t handle) {
  if (end_now (space, handle) != MIR_CODE_OK) mir_objects_put_back (&space->objects, handle);
}

void MIR_code_object_settle (MIR_code_space_t space, MIR_code_object_t object) {
  MIR_code_status_t status;
  struct mir_object *found = lock_live (space, object, &status);
  if (found == NULL) return;
  uint32_t transient = found->next;
  found->next = 0;
  if (transient != 0) end_transient (space, transient);
  mir_os_unlock (&space->lock);
}

MIR_code_status_t MIR_code_object_free_now (MIR_code_space_t space, MIR_code_object_t object) {
  MIR_code_status_t status;
  struct mir_object *found = lock_live (space, object, &status);
  if (found == NULL) return status;
  uint32_t transient = found->next;
  space->objects.num--;
  status = end_now (space, (uint32_t) (uintptr_t) object);
  if (status != MIR_CODE_OK)
    space->objects.num++;
  else if (transient != 0)
    end_transient (space, transient);
  mir_os_unlock (&space->lock);
  return status;
}

/* Pin the code of the object with HANDLE, 0: none, which is being freed: it cannot be patched any more,
   and queries say that it is freed.  No lock is held.  */
static void pin_code (struct MIR_code_space *space, uint32_t handle) {
  mir_os_lock (&space->lock);
  const struct mir_object *object = mir_objects_find (&space->objects, handle);
  uint32_t code = object != NULL ? object->blocks[MIR_CODE_READ_EXEC] : 0;
  mir_os_unlock (&space->lock);
  if (code == 0) return;
  uint8_t *addr = space->range.start + (size_t) (code - 1) * MIR_OBJECT_UNIT;
  struct mir_slab *slab = mir_space_lock_slab (mir_part (space, MIR_CODE_READ_EXEC), addr);
  set_freed (slab, mir_slab_granule (slab, addr), 1);
  mir_os_unlock (&slab->pool->lock);
}

/* The code is pinned before the object is retired: after that another thread may reclaim it.  */
MIR_code_status_t MIR_code_object_free (MIR_code_space_t space, MIR_code_object_t object) {
  MIR_code_status_t status;
  uint32_t handle = (uint32_t) (uintptr_t) object;
  struct mir_object *found = lock_live (space, object, &status);
  if (found == NULL) return status;
  uint32_t transient = found->next;
  mir_os_unlock (&space->lock);
  pin_code (space, handle);
  pin_code (space, transient);
  mir_os_lock (&space->lock);
  uint64_t grace = atomic_fetch_add (&space->grace, 0);
  mir_objects_retire (&space->objects, handle, grace);
  if (transient != 0) mir_objects_retire (&space->objects, transient, grace);
  space->objects.num--;
  mir_os_unlock (&space->lock);
  return MIR_CODE_OK;
}

MIR_code_status_t mir_objects_reclaim (struct MIR_code_space *space, uint64_t grace) {
  struct mir_objects *objects = &space->objects;
  MIR_code_status_t status = MIR_CODE_OK;
  struct mir_ending ending;
  mir_os_lock (&space->lock);
  mir_objects_begin (objects);
  for (uint32_t n = objects->retired_num; n > 0; n--) {
    uint32_t handle = mir_objects_take_retired (objects, grace);
    if (handle == 0) break;
    struct mir_object *object = mir_objects_find (objects, handle);
    begin_ending (space, &ending, handle);
    mir_os_unlock (&space->lock);
    MIR_code_status_t one = end_object (space, &ending, object, 1);
    if (one == MIR_CODE_OK) continue;
    mir_objects_put_back (objects, handle);
    status = one;
  }
  mir_os_unlock (&space->lock);
  return status;
}

/*---------------- The end of a space -----------------------------*/

void mir_objects_finish (struct MIR_code_space *space) {
  struct mir_objects *objects = &space->objects;
  for (uint32_t handle = 1; handle <= objects->fresh; handle++) {
    const struct mir_object *object = mir_objects_find (objects, handle);
    if (object != NULL && object->state == MIR_OBJECT_OPEN)
      MIR_free (space->alloc, mir_object_get_open (object));
  }
  for (uint32_t i = 0; i < objects->chunks_num; i++) MIR_free (space->alloc, objects->chunks[i]);
  MIR_free (space->alloc, objects->chunks);
}
