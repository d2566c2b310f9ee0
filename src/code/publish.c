/* Publishing one piece.  */
#include "code/space.h"

void mir_tell_published (struct MIR_code_space *space, const MIR_code_event_t *events, size_t num) {
  if (space->hooks != NULL && space->hooks->published != NULL && num > 0)
    space->hooks->published (space->hooks->user_data, events, num);
}

/* Put LEN bytes into the first N granules of SPOT.  The lock is held.  */
static MIR_code_status_t fill (struct mir_arena *arena, const struct mir_spot *spot, uint32_t n,
                               const uint8_t *bytes, size_t len) {
  struct mir_chunk chunk = {spot->slab, mir_slab_address (spot->slab, spot->start), bytes, len};
  mir_slab_populate (spot->slab, spot->start + n);
  MIR_code_status_t status = mir_write (&chunk, 1, NULL);
  if (status != MIR_CODE_OK) return status;
  mir_arena_take (arena, spot, n);
  arena->published++;
  arena->published_bytes += len;
  return MIR_CODE_OK;
}

MIR_code_status_t mir_publish_with (struct mir_arena *arena, const uint8_t *bytes, size_t len,
                                    struct mir_tags *tags, uint64_t value, uint8_t **res) {
  uint32_t n = mir_granules_for (len);
  struct mir_spot spot;
  if (n == 0) return MIR_CODE_TOO_LARGE;
  MIR_code_status_t status = mir_arena_room (arena, n, tags, &spot);
  if (status != MIR_CODE_OK) return status;
  if ((status = fill (arena, &spot, n, bytes, len)) != MIR_CODE_OK) {
    struct mir_slab *dropped = spot.fresh ? mir_arena_unlink_slab (arena, spot.slab) : NULL;
    mir_os_unlock (&arena->lock);
    mir_slabs_drop (dropped);
    return status;
  }
  *res = mir_slab_address (spot.slab, spot.start);
  if (tags != NULL) mir_tags_add (tags, (uintptr_t) *res, value);
  mir_os_unlock (&arena->lock);
  mir_os_sync_cores_for_new ();
  return MIR_CODE_OK;
}

MIR_code_status_t mir_publish (struct mir_arena *arena, const uint8_t *bytes, size_t len,
                               const MIR_code_info_t *info, uint8_t **res) {
  MIR_code_event_t event = {NULL, len, NULL, 0};
  struct mir_tags *tags = NULL;
  uint8_t *addr;
  if (info != NULL) {
    event.name = info->name;
    event.tag = info->tag;
    if (info->tag != 0) tags = &arena->tags;
  }
  MIR_code_status_t status = mir_publish_with (arena, bytes, len, tags, event.tag, &addr);
  if (status != MIR_CODE_OK) return status;
  event.start = addr;
  mir_tell_published (arena->space, &event, 1);
  *res = addr;
  return MIR_CODE_OK;
}

MIR_code_status_t mir_next_addr (struct mir_arena *arena, size_t size, uint8_t **res) {
  uint32_t n = mir_granules_for (size == 0 ? 1 : size);
  struct mir_spot spot;
  if (n == 0) return MIR_CODE_TOO_LARGE;
  MIR_code_status_t status = mir_arena_room (arena, n, NULL, &spot);
  if (status != MIR_CODE_OK) return status;
  *res = mir_slab_address (spot.slab, spot.start);
  mir_os_unlock (&arena->lock);
  return MIR_CODE_OK;
}

/* If the granules from ADDR in SLAB on have room for LEN bytes: how many to take, else 0.  */
static uint32_t room_at (const struct mir_slab *slab, const uint8_t *addr, size_t len) {
  uint32_t n = mir_granules_for (len);
  if ((size_t) (addr - slab->pages.rx) % MIR_GRANULE != 0 || slab->frozen) return 0;
  uint32_t run_len = mir_granules_run_len (&slab->granules, mir_slab_granule (slab, addr));
  if (n == 0 || len > (size_t) run_len * MIR_GRANULE) return 0;
  return n <= run_len ? n : run_len;
}

/* Lock the arena of the slab which ADDR is in, with room in its books for one more piece; NULL, and
   nothing is locked, with the reason in *STATUS.  */
static struct mir_slab *lock_with_room (struct MIR_code_space *space, const uint8_t *addr,
                                        MIR_code_status_t *status) {
  struct mir_directory_find found;
  while (mir_directory_find (&space->directory, (uintptr_t) addr, &found) == 0) {
    if ((*status = mir_arena_provide (found.arena, NULL)) != MIR_CODE_OK) return NULL;
    if (mir_directory_unchanged (&space->directory, &found)) return found.slab;
    mir_os_unlock (&found.arena->lock);
  }
  *status = MIR_CODE_TAKEN;
  return NULL;
}

MIR_code_status_t mir_publish_at (struct MIR_code_space *space, uint8_t *addr, const uint8_t *bytes,
                                  size_t len) {
  MIR_code_status_t status;
  struct mir_slab *slab = lock_with_room (space, addr, &status);
  if (slab == NULL) return status;
  struct mir_spot spot = {slab, mir_slab_granule (slab, addr), 0};
  uint32_t n = room_at (slab, addr, len == 0 ? 1 : len);
  status = MIR_CODE_TAKEN;
  if (n != 0) status = len == 0 ? MIR_CODE_OK : fill (slab->arena, &spot, n, bytes, len);
  mir_os_unlock (&slab->arena->lock);
  if (status != MIR_CODE_OK || len == 0) return status;
  mir_os_sync_cores_for_new ();
  MIR_code_event_t event = {addr, len, NULL, 0};
  mir_tell_published (space, &event, 1);
  return MIR_CODE_OK;
}
