/* The publication of one code block: wherever there is room, or at a given address.  */
#include "code/publish.h"

#include "code/pool.h"
#include "code/slab.h"
#include "code/types.h"
#include "code/versions.h"
#include "code/write.h"
#include "os/cancel.h"

void mir_notify_published (struct MIR_code_space *space, const MIR_code_event_t *events,
                           size_t num) {
  if (space->hooks == NULL || space->hooks->published == NULL || num == 0) return;
  int held = mir_os_hold_cancel (); /* hooks must return */
  space->hooks->published (space->hooks->user_data, events, num);
  mir_os_let_cancel (held);
}

/* Write LEN bytes to the first N granules of PLACEMENT and mark these granules as taken.  The lock
   is held.  */
static inline MIR_code_status_t fill_placement (const struct mir_placement *placement, uint32_t n,
                                                const uint8_t *bytes, size_t len) {
  struct mir_pool *pool = placement->slab->pool;
  struct mir_slab *slab = placement->slab;
  struct mir_chunk chunk = {.slab = slab, .from = bytes, .len = len};
  chunk.to = mir_slab_address (slab, placement->start);
  mir_write_prefetch (slab, chunk.to, len);
  MIR_code_status_t status = mir_slab_populate (slab, placement->start, placement->start + n);
  if (status != MIR_CODE_OK) return status;
  mir_pool_take (placement, n);
  status = mir_write_new (&chunk);
  if (status != MIR_CODE_OK) {
    mir_pool_release (slab, placement->start, placement->start + n - 1);
    return status;
  }
  pool->published++;
  pool->published_bytes += len;
  return MIR_CODE_OK;
}

MIR_code_status_t mir_publish_with (struct mir_pool *pool, const uint8_t *bytes, size_t len,
                                    enum mir_table table, uint64_t value, uint8_t **res) {
  uint32_t n = mir_granules_for (len);
  struct mir_placement placement;
  if (n == 0) return MIR_CODE_TOO_LARGE;
  MIR_code_status_t status = mir_pool_find_room (pool, n, table, &placement);
  if (status != MIR_CODE_OK) return status;
  pool = placement.slab->pool;
  if ((status = fill_placement (&placement, n, bytes, len)) != MIR_CODE_OK) {
    struct mir_slab *dropped = mir_pool_give_up (&placement);
    mir_os_unlock (&pool->lock);
    mir_pool_drop_slabs (dropped);
    return status;
  }
  *res = mir_slab_address (placement.slab, placement.start);
  if (table != MIR_NO_TABLE)
    mir_tags_add (table == MIR_TAGS ? &pool->tags : &pool->thunks, (uintptr_t) *res, value);
  mir_os_unlock (&pool->lock);
  mir_os_sync_cores_for_new ();
  return MIR_CODE_OK;
}

MIR_code_status_t mir_publish (struct mir_pool *pool, const uint8_t *bytes, size_t len,
                               const MIR_code_info_t *info, uint8_t **res) {
  uint64_t tag = info != NULL ? info->tag : 0;
  MIR_code_status_t status =
      mir_publish_with (pool, bytes, len, tag != 0 ? MIR_TAGS : MIR_NO_TABLE, tag, res);
  if (status != MIR_CODE_OK || pool->space->hooks == NULL) return status;
  MIR_code_event_t event = {
      .start = *res, .size = len, .name = info != NULL ? info->name : NULL, .tag = tag};
  mir_notify_published (pool->space, &event, 1);
  return MIR_CODE_OK;
}

MIR_code_status_t mir_next_addr (struct mir_pool *pool, size_t size, uint8_t **res) {
  uint32_t n = mir_granules_for (size == 0 ? 1 : size);
  struct mir_placement placement;
  if (n == 0) return MIR_CODE_TOO_LARGE;
  MIR_code_status_t status = mir_pool_find_room (pool, n, MIR_NO_TABLE, &placement);
  if (status != MIR_CODE_OK) return status;
  *res = mir_slab_address (placement.slab, placement.start);
  mir_pool_leave (&placement);
  mir_os_unlock (&placement.slab->pool->lock);
  return MIR_CODE_OK;
}

/* Set *PLACEMENT to ADDR in SLAB and return the granules to take for LEN bytes there; 0 when ADDR is
   not free or the run too short.  The lock of the slab's pool is held.  */
static uint32_t room_at (struct mir_slab *slab, const uint8_t *addr, size_t len,
                         struct mir_placement *placement) {
  uint32_t n = mir_granules_for (len);
  if ((size_t) (addr - slab->pages.rx) % MIR_GRANULE != 0) return 0;
  uint32_t run_len = mir_pool_place_at (slab, mir_slab_granule (slab, addr), placement);
  if (n == 0 || len > (size_t) run_len * MIR_GRANULE) return 0;
  return n <= run_len ? n : run_len;
}

/* The slab which holds ADDR, with its pool locked and with room in the metadata tables for one more
   block and its entry in TABLE.  NULL: nothing is locked, and *STATUS is the reason.  */
static struct mir_slab *lock_with_room (struct MIR_code_space *space, const uint8_t *addr,
                                        enum mir_table table, MIR_code_status_t *status) {
  struct mir_directory_find found;
  while (mir_directory_find (&space->directory, (uintptr_t) addr, &found) == 0) {
    if ((*status = mir_pool_reserve_metadata (found.pool, table)) != MIR_CODE_OK) return NULL;
    if (mir_directory_unchanged (&space->directory, &found)) return found.slab;
    mir_os_unlock (&found.pool->lock);
  }
  *status = MIR_CODE_TAKEN;
  return NULL;
}

MIR_code_status_t MIR_code_publish_at (MIR_code_space_t space, uint8_t *addr, const uint8_t *bytes,
                                       size_t len, const MIR_code_info_t *info) {
  MIR_code_status_t status;
  uint64_t tag = info != NULL ? info->tag : 0;
  if (!mir_info_is_known (info)) return MIR_CODE_BAD_OPTION;
  struct mir_slab *slab = lock_with_room (space, addr, tag != 0 ? MIR_TAGS : MIR_NO_TABLE, &status);
  if (slab == NULL) return status;
  struct mir_placement placement;
  uint32_t n = room_at (slab, addr, len == 0 ? 1 : len, &placement);
  status = MIR_CODE_TAKEN;
  if (n != 0) status = len == 0 ? MIR_CODE_OK : fill_placement (&placement, n, bytes, len);
  if (status == MIR_CODE_OK && len != 0 && tag != 0)
    mir_tags_add (&slab->pool->tags, (uintptr_t) addr, tag);
  mir_os_unlock (&slab->pool->lock);
  if (status != MIR_CODE_OK || len == 0) return status;
  mir_os_sync_cores_for_new ();
  MIR_code_event_t event = {
      .start = addr, .size = len, .name = info != NULL ? info->name : NULL, .tag = tag};
  mir_notify_published (space, &event, 1);
  return MIR_CODE_OK;
}

/*---------------- Without a writer -----------------------------*/

MIR_code_status_t MIR_code_space_publish (MIR_code_space_t space, const uint8_t *bytes, size_t len,
                                          const MIR_code_info_t *info, uint8_t **addr) {
  return mir_info_is_known (info) ? mir_publish (&space->first, bytes, len, info, addr)
                                  : MIR_CODE_BAD_OPTION;
}

MIR_code_status_t MIR_code_next_addr (MIR_code_space_t space, size_t len, uint8_t **addr) {
  return mir_next_addr (&space->first, len, addr);
}

void MIR_code_flush (const void *start, size_t len) {
  mir_os_clean_icache ((void *) (uintptr_t) start, (uint8_t *) (uintptr_t) start + len);
  mir_os_sync_cores_for_new ();
}
