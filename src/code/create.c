/* The creation and the end of a space: its options, its back end, its range.  No other thread knows
   the space yet, or uses it any more, so no lock is taken.  */
#include <string.h> /* memset */

#include "code/backend.h"
#include "code/backend-list.h"
#include "code/cpu.h"
#include "code/fork.h"
#include "code/in-place.h"
#include "code/object-end.h"
#include "code/part.h"
#include "code/pool.h"
#include "code/probe.h"
#include "code/publish.h"
#include "code/slab.h"
#include "code/space.h"
#include "code/status.h"
#include "code/types.h"
#include "code/versions.h"
#include "code/writer.h"
#include "defaults.h"
#include "os/cancel.h"

enum { PURGE_MS = 500 }; /* unless the options say something else */

/* Finish all writers, unmap all code and free all memory of SPACE, a part or not, but *SPACE itself.  No
   other thread uses it.  */
static void finish_space (struct MIR_code_space *space);

/*---------------- Finishing -----------------------------*/

/* Free a list of allocations which are linked by their first member.  */
static void free_chain (struct MIR_code_space *space, void *link) {
  while (link != NULL) {
    void *next;
    memcpy (&next, link, sizeof (next));
    MIR_free (space->alloc, link);
    link = next;
  }
}

/* The unwinder forgets all code of SPACE: it may read frames then, which lie in one of the parts.  */
static void close_frames (struct MIR_code_space *space) {
  for (struct mir_pool *pool = &space->first; pool != NULL; pool = mir_pool_next (pool))
    for (struct mir_slab *slab = pool->slabs; slab != NULL; slab = slab->next)
      if (slab->has_frames) mir_frames_close (slab);
}

/* Finish the parts of SPACE, the one for code first, and free the records of its objects.  */
static void finish_objects (struct MIR_code_space *space) {
  close_frames (space);
  mir_objects_finish (space);
  for (int i = 0; i < MIR_PARTS; i++) {
    struct MIR_code_space *part = mir_part (space, (MIR_code_access_t) i);
    if (part == NULL) continue;
    finish_space (part);
    MIR_free (space->alloc, part);
  }
}

static void finish_space (struct MIR_code_space *space) {
  struct mir_pool *next;
  int held = mir_os_hold_cancel (); /* nobody could finish the rest */
  finish_objects (space);
  while (space->writers != NULL) MIR_code_writer_finish (space->writers);
  mir_unwatch_forks (space);
  (void) mir_pools_drop_orphans (space);
  for (struct mir_pool *pool = &space->first; pool != NULL; pool = next) {
    next = mir_pool_next (pool);
    mir_pool_finish (pool);
    if (pool != &space->first) MIR_free (space->alloc, pool);
  }
  free_chain (space, atomic_load (&space->directory.array));
  free_chain (space, space->cells.groups);
  if (space->range.len != 0) mir_os_unreserve (space->range.start, space->range.len);
  mir_os_lock_destroy (&space->lock);
  mir_os_let_cancel (held);
}

/*---------------- Creating -----------------------------*/

/* Set all members of *FULL from OPTIONS, and of *HOOKS from the hooks there, if any.  Both may be of
   an older version and so shorter.  */
static MIR_code_status_t complete_options (const MIR_code_options_t *options,
                                           MIR_code_options_t *full, MIR_code_hooks_t *hooks) {
  memset (full, 0, sizeof (*full));
  full->size = sizeof (*full);
  if (options != NULL && mir_read_version (full, sizeof (*full), MIR_OPTIONS_FIRST, options) != 0)
    return MIR_CODE_BAD_OPTION;
  if (full->hooks != NULL) {
    if (mir_read_version (hooks, sizeof (*hooks), MIR_HOOKS_FIRST, full->hooks) != 0)
      return MIR_CODE_BAD_OPTION;
    full->hooks = hooks;
  }
  if (full->purge_ms == 0) full->purge_ms = PURGE_MS;
  if (full->alloc == NULL) full->alloc = mir_default_alloc ();
  if (full->reserve > SIZE_MAX / 2) return MIR_CODE_TOO_LARGE;
  int wrong =
      full->protection > MIR_CODE_SEALED || full->poison > MIR_CODE_POISON_ALL
      || (full->near_addr != NULL && full->reserve == 0)
      || (full->code_alloc != NULL
          && (full->reserve != 0 || full->landing_pads || full->protection != MIR_CODE_OPEN_ALIAS
              || (full->backends & ~(unsigned) MIR_CODE_FLIP) != 0));
  return wrong ? MIR_CODE_BAD_OPTION : MIR_CODE_OK;
}

/* The back end for OPTIONS; sets OPTIONS->code_alloc if it is flip.  NULL: none works, and *STATUS is
   the reason.  */
static const struct mir_backend *choose_backend (MIR_code_options_t *options,
                                                 MIR_code_status_t *status) {
  if (options->code_alloc != NULL) return &mir_backend_flip;
  const struct mir_backend *backend =
      mir_backend_choose (options->backends, options->protection, status);
  if (backend == &mir_backend_flip) options->code_alloc = mir_default_code_alloc ();
  return backend;
}

/* Reserve LEN bytes as the options of SPACE say: for huge pages at a multiple of one, if nothing else
   says where.  NULL on failure.  */
static uint8_t *reserve (const struct MIR_code_space *space, size_t len) {
  const void *near_addr = space->options.near_addr;
  uint8_t *start = NULL;
  if (space->huge && near_addr == NULL)
    start = (uint8_t *) mir_os_reserve (len + MIR_HUGE_PAGE, NULL, mir_cpu.reach);
  if (start == NULL) return (uint8_t *) mir_os_reserve (len, near_addr, mir_cpu.reach);
  size_t gap = (0 - (uintptr_t) start) % MIR_HUGE_PAGE;
  if (gap != 0) mir_os_unreserve (start, gap);
  mir_os_unreserve (start + gap + len, MIR_HUGE_PAGE - gap);
  return start + gap;
}

/* Reserve LEN bytes, whole units, and keep their bitmaps at BITMAPS, which mir_range_bitmaps_size
   has sized.  LEN 0: no range.  */
static MIR_code_status_t reserve_range (struct MIR_code_space *space, size_t len, void *bitmaps) {
  struct mir_range *range = &space->range;
  if (len == 0) return MIR_CODE_OK;
  MIR_code_status_t status = MIR_CODE_OK;
  int held = mir_os_hold_cancel (); /* files are read */
  range->start = reserve (space, len);
  if (range->start == NULL)
    status = mir_status_of_refusal (
        space->options.near_addr != NULL ? MIR_CODE_NO_RANGE : MIR_CODE_NO_ADDRESS_SPACE, len);
  mir_os_let_cancel (held);
  if (status != MIR_CODE_OK) return status;
  range->len = len;
  mir_granules_init (&range->units, bitmaps, len / MIR_RANGE_UNIT);
  return MIR_CODE_OK;
}

MIR_code_status_t MIR_code_space_create (const MIR_code_options_t *options,
                                         MIR_code_space_t *space) {
  MIR_code_options_t full;
  MIR_code_hooks_t hooks;
  uint8_t *first;
  MIR_code_status_t status = complete_options (options, &full, &hooks);
  if (status != MIR_CODE_OK) return status;
  const struct mir_backend *backend = choose_backend (&full, &status);
  if (backend == NULL) return status;
  if (full.reserve != 0 && !backend->reservable) return MIR_CODE_BAD_OPTION;
  size_t len = (full.reserve + MIR_RANGE_UNIT - 1) / MIR_RANGE_UNIT * MIR_RANGE_UNIT;
  if (len > mir_cpu.reach) return MIR_CODE_NO_RANGE;
  /* One allocation: when an allocator leaves by longjmp nothing else is lost.  */
  struct MIR_code_space *res = (struct MIR_code_space *) MIR_malloc (
      full.alloc, sizeof (*res) + mir_range_bitmaps_size (len));
  if (res == NULL) return MIR_CODE_NO_MEMORY;
  if ((status = mir_space_init (res, &full, backend)) == MIR_CODE_OK) {
    status = reserve_range (res, len, res + 1);
    if (status == MIR_CODE_OK && full.map_at_once) status = mir_next_addr (&res->first, 1, &first);
    if (status == MIR_CODE_OK) status = mir_watch_forks (res); /* after all allocations */
    if (status == MIR_CODE_OK) {
      *space = res;
      return MIR_CODE_OK;
    }
    finish_space (res);
  }
  MIR_free (full.alloc, res);
  return status;
}

void MIR_code_space_finish (MIR_code_space_t space) {
  if (space == NULL) return;
  MIR_alloc_t alloc = space->alloc;
  finish_space (space);
  MIR_free (alloc, space);
}

/* What a space with OPTIONS over the back end called NAME can do.  */
static unsigned abilities_of (const MIR_code_options_t *options, const char *name) {
  const struct mir_backend *backend = options->code_alloc != NULL ? &mir_backend_flip : NULL;
  for (int i = 0; backend == NULL && mir_backends[i] != NULL; i++)
    if (strcmp (mir_backends[i]->name, name) == 0) backend = mir_backends[i];
  if (backend == NULL || !backend->reservable) return 0;
  unsigned abilities = MIR_CODE_CAN_RESERVE;
  if (mir_backend_data.map == NULL) return abilities;
  abilities |= MIR_CODE_CAN_HOLD_OBJECTS;
  if (!backend->is_writable) abilities |= MIR_CODE_CAN_PROTECT_CONSTANTS;
  if (mir_in_place_works (backend, options->protection)) abilities |= MIR_CODE_CAN_WRITE_IN_PLACE;
  return abilities;
}

MIR_code_status_t MIR_code_probe (const MIR_code_options_t *options, MIR_code_report_t *report) {
  MIR_code_options_t full;
  MIR_code_hooks_t hooks;
  MIR_code_report_t all = {0};
  if (!mir_version_is_known (report->size, MIR_REPORT_FIRST, sizeof (*report)))
    return MIR_CODE_BAD_OPTION;
  MIR_code_status_t status = complete_options (options, &full, &hooks);
  if (status != MIR_CODE_OK) return status;
  if (full.code_alloc != NULL)
    all.backend = mir_backend_flip.name;
  else if (mir_backend_probe (full.backends, full.protection, &all) == NULL)
    status = mir_probe_status (&all);
  if (all.backend != NULL) all.abilities = abilities_of (&full, all.backend);
  size_t room = (report->size - MIR_REPORT_FIRST) / sizeof (all.verdicts[0]);
  if (all.verdicts_num > room) all.verdicts_num = room;
  mir_write_version (report, &all);
  return status;
}

size_t MIR_code_reach (void) {
  return mir_cpu.reach;
}

MIR_code_alloc_t MIR_default_code_alloc (void) {
  return mir_default_code_alloc ();
}

/* Call the hook `mapped` for the slabs that SPACE has.  */
static void notify_of_mappings (struct MIR_code_space *space) {
  int held = mir_os_hold_cancel (); /* hooks must return */
  for (struct mir_pool *pool = &space->first; pool != NULL; pool = mir_pool_next (pool))
    for (struct mir_slab *slab = pool->slabs; slab != NULL; slab = slab->next)
      mir_slab_notify_mapped (slab);
  mir_os_let_cancel (held);
}

MIR_code_status_t MIR_code_set_hooks (MIR_code_space_t space, const MIR_code_hooks_t *hooks) {
  for (MIR_code_writer_t w = space->writers; w != NULL; w = mir_writer_next (w))
    if (mir_writer_is_batching (w)) return MIR_CODE_BAD_ORDER;
  if (hooks != NULL
      && mir_read_version (&space->own_hooks, sizeof (space->own_hooks), MIR_HOOKS_FIRST, hooks)
             != 0)
    return MIR_CODE_BAD_OPTION;
  space->hooks = hooks != NULL ? &space->own_hooks : NULL;
  struct MIR_code_space *part = mir_part (space, MIR_CODE_READ_EXEC);
  if (part != NULL) part->hooks = space->hooks;
  if (hooks == NULL || space->hooks->mapped == NULL) return MIR_CODE_OK;
  notify_of_mappings (space);
  if (part != NULL) notify_of_mappings (part);
  return MIR_CODE_OK;
}
