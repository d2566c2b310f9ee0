/* The creation and the end of a space: its options, its back end, its range.  No other thread knows
   the space yet, or uses it any more, so no lock is taken.  */
#include "code/create.h"

#include <string.h> /* memset */

#include "code/backend.h"
#include "code/cpu.h"
#include "code/fork.h"
#include "code/pool.h"
#include "code/probe.h"
#include "code/space.h"
#include "code/types.h"
#include "defaults.h"
#include "os/cancel.h"

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

void mir_space_finish (struct MIR_code_space *space) {
  struct mir_pool *next;
  int held = mir_os_hold_cancel (); /* nobody could finish the rest */
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

/* Set all members of *FULL from OPTIONS, which may be of an older version and so shorter.  */
static MIR_code_status_t complete_options (const MIR_code_options_t *options,
                                           MIR_code_options_t *full) {
  memset (full, 0, sizeof (*full));
  if (options != NULL) {
    if (options->size < sizeof (size_t) || options->size > sizeof (*full))
      return MIR_CODE_BAD_OPTION;
    memcpy (full, options, options->size);
  }
  full->size = sizeof (*full);
  if (full->purge_ms == 0) full->purge_ms = MIR_PURGE_MS;
  if (full->alloc == NULL) full->alloc = mir_default_alloc ();
  if (full->reserve > SIZE_MAX / 2) return MIR_CODE_TOO_LARGE;
  int wrong = full->protection > MIR_CODE_SEALED || full->poison > MIR_CODE_POISON_ALL
              || (full->near_addr != NULL && full->reserve == 0)
              || (full->code_alloc != NULL
                  && (full->reserve != 0 || full->protection != MIR_CODE_OPEN_ALIAS
                      || (full->backends & ~(unsigned) MIR_CODE_FLIP) != 0));
  return wrong ? MIR_CODE_BAD_OPTION : MIR_CODE_OK;
}

/* The back end for OPTIONS, with the verdicts in REPORT; sets OPTIONS->code_alloc if it is flip.
   NULL: none works.  */
static const struct mir_backend *choose_backend (MIR_code_options_t *options,
                                                 MIR_code_report_t *report) {
  if (options->code_alloc != NULL) {
    report->backend = mir_backend_flip.name;
    return &mir_backend_flip;
  }
  const struct mir_backend *backend =
      mir_backend_probe (options->backends, options->protection, report);
  if (backend == &mir_backend_flip) options->code_alloc = mir_default_code_alloc ();
  return backend;
}

/* Reserve LEN bytes, whole units, and keep their bitmaps at BITMAPS, which mir_range_bitmaps_size
   has sized.  LEN 0: no range.  */
static MIR_code_status_t reserve_range (struct MIR_code_space *space, size_t len, void *bitmaps) {
  struct mir_range *range = &space->range;
  if (len == 0) return MIR_CODE_OK;
  int held = mir_os_hold_cancel ();
  range->start = (uint8_t *) mir_os_reserve (len, space->options.near_addr, mir_cpu.reach);
  mir_os_let_cancel (held);
  if (range->start == NULL) return MIR_CODE_NO_RANGE;
  range->len = len;
  mir_granules_init (&range->units, bitmaps, len / MIR_RANGE_UNIT);
  return MIR_CODE_OK;
}

MIR_code_status_t MIR_code_space_create (const MIR_code_options_t *options,
                                         MIR_code_space_t *space) {
  MIR_code_options_t full;
  MIR_code_report_t report = {0};
  MIR_code_status_t status = complete_options (options, &full);
  if (status != MIR_CODE_OK) return status;
  const struct mir_backend *backend = choose_backend (&full, &report);
  if (backend == NULL) return MIR_CODE_NO_BACKEND;
  if (full.reserve != 0 && !backend->reservable) return MIR_CODE_BAD_OPTION;
  size_t len = (full.reserve + MIR_RANGE_UNIT - 1) / MIR_RANGE_UNIT * MIR_RANGE_UNIT;
  if (len > mir_cpu.reach) return MIR_CODE_NO_RANGE;
  /* One allocation: when an allocator leaves by longjmp nothing else is lost.  */
  struct MIR_code_space *res = (struct MIR_code_space *) MIR_malloc (
      full.alloc, sizeof (*res) + mir_range_bitmaps_size (len));
  if (res == NULL) return MIR_CODE_NO_MEMORY;
  if ((status = mir_space_init (res, &full, backend)) == MIR_CODE_OK) {
    if ((status = reserve_range (res, len, res + 1)) == MIR_CODE_OK) status = mir_watch_forks (res);
    if (status == MIR_CODE_OK) {
      *space = res;
      return MIR_CODE_OK;
    }
    mir_space_finish (res);
  }
  MIR_free (full.alloc, res);
  return status;
}

void MIR_code_space_finish (MIR_code_space_t space) {
  if (space == NULL) return;
  MIR_alloc_t alloc = space->alloc;
  mir_space_finish (space);
  MIR_free (alloc, space);
}

MIR_code_status_t MIR_code_probe (const MIR_code_options_t *options, MIR_code_report_t *report) {
  MIR_code_options_t full;
  memset (report, 0, sizeof (*report));
  MIR_code_status_t status = complete_options (options, &full);
  if (status != MIR_CODE_OK) return status;
  return choose_backend (&full, report) != NULL ? MIR_CODE_OK : MIR_CODE_NO_BACKEND;
}

void MIR_code_set_hooks (MIR_code_space_t space, const MIR_code_hooks_t *hooks) {
  space->hooks = hooks;
  if (hooks == NULL || hooks->mapped == NULL) return;
  int held = mir_os_hold_cancel (); /* hooks must return */
  for (struct mir_pool *pool = &space->first; pool != NULL; pool = mir_pool_next (pool))
    for (struct mir_slab *slab = pool->slabs; slab != NULL; slab = slab->next)
      hooks->mapped (hooks->user_data, slab->pages.rx, slab->pages.len);
  mir_os_let_cancel (held);
}
