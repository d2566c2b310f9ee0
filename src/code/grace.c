/* Grace periods, which end for all that was freed in a space; and memory that goes back.  Any thread.  */
#include "code/object.h"
#include "code/object-end.h"
#include "code/part.h"
#include "code/pool.h"
#include "code/reclaim.h"
#include "code/slab.h"
#include "code/write.h"

MIR_code_grace_t MIR_code_grace_begin (MIR_code_space_t space) {
  return atomic_fetch_add (&space->grace, 1);
}

/* The barrier is for cores which have prefetched old instructions.  It comes first: instructions
   that run after the barrier were fetched after the grace period.  */
MIR_code_status_t MIR_code_reclaim (MIR_code_space_t space, MIR_code_grace_t grace) {
  mir_os_sync_cores ();
  mir_objects_drop_left (space);
  MIR_code_status_t status = mir_reclaim_blocks (space, grace);
  MIR_code_status_t of_objects = mir_objects_reclaim (space, grace);
  return of_objects != MIR_CODE_OK ? of_objects : status;
}

/* Give the memory of whole free pages in the slabs of POOL back, as far as it was populated.  */
static size_t discard_in (struct mir_pool *pool) {
  size_t bytes = 0;
  mir_os_lock (&pool->lock);
  mir_write_close_again (pool);
  for (struct mir_slab *slab = pool->slabs; slab != NULL; slab = slab->next)
    if (slab->backend->discard != NULL) bytes += mir_slab_discard (slab);
  mir_os_unlock (&pool->lock);
  return bytes;
}

static size_t trim (struct MIR_code_space *space) {
  size_t bytes = mir_pools_drop_empty (space);
  for (struct mir_pool *pool = &space->first; pool != NULL; pool = mir_pool_next (pool))
    bytes += discard_in (pool);
  for (struct mir_pool *pool = &space->first; pool != NULL; pool = mir_pool_next (pool))
    mir_pool_shrink_tables (pool);
  return bytes;
}

size_t MIR_code_trim (MIR_code_space_t space) {
  size_t bytes = trim (space);
  for (int i = 0; i < MIR_PARTS; i++) {
    struct MIR_code_space *part = mir_part (space, (MIR_code_access_t) i);
    if (part != NULL) bytes += trim (part);
  }
  return bytes;
}
