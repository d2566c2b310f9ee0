/* Making and finishing a space: options, back end, range.  */
#include <string.h> /* memset */

#include "code/cpu.h"
#include "code/space.h"
#include "defaults.h"

/*---------------- Finishing -----------------------------*/

/* Blocks which are linked by their first member.  */
static void free_chain (struct MIR_code_space *space, void *block) {
  while (block != NULL) {
    void *next;
    memcpy (&next, block, sizeof (next));
    MIR_free (space->alloc, block);
    block = next;
  }
}

void mir_space_finish (struct MIR_code_space *space) {
  struct mir_arena *next;
  while (space->writers != NULL) MIR_code_writer_finish (space->writers);
  mir_unwatch_forks (space);
  for (struct mir_arena *arena = &space->first; arena != NULL; arena = next) {
    next = mir_arena_next (arena);
    mir_arena_finish (arena);
    if (arena != &space->first) MIR_free (space->alloc, arena);
  }
  free_chain (space, atomic_load (&space->directory.array));
  free_chain (space, space->cells.blocks);
  if (space->region.len != 0) mir_os_unreserve (space->region.start, space->region.len);
  mir_os_lock_destroy (&space->lock);
}

/*---------------- Making one -----------------------------*/

/* Set *FULL to all members of OPTIONS, which may be of an older version.  */
static MIR_code_status_t complete (const MIR_code_options_t *options, MIR_code_options_t *full) {
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

static const struct mir_backend *choose (MIR_code_options_t *options, MIR_code_report_t *report) {
  if (options->code_alloc != NULL) {
    report->backend = mir_backend_flip.name;
    return &mir_backend_flip;
  }
  const struct mir_backend *backend =
      mir_backend_probe (options->backends, options->protection, report);
  if (backend == &mir_backend_flip) options->code_alloc = mir_default_code_alloc ();
  return backend;
}

/* Reserve LEN bytes, whole units, with their bookkeeping in PLANES.  */
static MIR_code_status_t reserve (struct MIR_code_space *space, size_t len, void *planes) {
  struct mir_region *region = &space->region;
  if (len == 0) return MIR_CODE_OK;
  region->start = (uint8_t *) mir_os_reserve (len, space->options.near_addr, mir_cpu.reach);
  if (region->start == NULL) return MIR_CODE_NO_RANGE;
  region->len = len;
  mir_granules_init (&region->units, planes, len / MIR_REGION_UNIT);
  return MIR_CODE_OK;
}

MIR_code_status_t MIR_code_space_create (const MIR_code_options_t *options,
                                         MIR_code_space_t *space) {
  MIR_code_options_t full;
  MIR_code_report_t report = {0};
  MIR_code_status_t status = complete (options, &full);
  if (status != MIR_CODE_OK) return status;
  const struct mir_backend *backend = choose (&full, &report);
  if (backend == NULL) return MIR_CODE_NO_BACKEND;
  if (full.reserve != 0 && !backend->reservable) return MIR_CODE_BAD_OPTION;
  size_t len = (full.reserve + MIR_REGION_UNIT - 1) / MIR_REGION_UNIT * MIR_REGION_UNIT;
  if (len > mir_cpu.reach) return MIR_CODE_NO_RANGE;
  /* One block: an allocator which leaves by longjmp leaves nothing behind.  */
  struct MIR_code_space *res = (struct MIR_code_space *) MIR_malloc (
      full.alloc, sizeof (*res) + mir_region_planes_size (len));
  if (res == NULL) return MIR_CODE_NO_MEMORY;
  if ((status = mir_space_init (res, &full, backend)) == MIR_CODE_OK) {
    if ((status = reserve (res, len, res + 1)) == MIR_CODE_OK) status = mir_watch_forks (res);
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
  MIR_code_status_t status = complete (options, &full);
  if (status != MIR_CODE_OK) return status;
  return choose (&full, report) != NULL ? MIR_CODE_OK : MIR_CODE_NO_BACKEND;
}

void MIR_code_set_hooks (MIR_code_space_t space, const MIR_code_hooks_t *hooks) {
  space->hooks = hooks;
  if (hooks == NULL || hooks->mapped == NULL) return;
  for (struct mir_arena *arena = &space->first; arena != NULL; arena = mir_arena_next (arena))
    for (struct mir_slab *slab = arena->slabs; slab != NULL; slab = slab->next)
      hooks->mapped (hooks->user_data, slab->pages.rx, slab->pages.len);
}

const char *MIR_code_status_text (MIR_code_status_t status) {
  static const char *const texts[] = {
      "no error",
      "no memory for the bookkeeping",
      "the system has refused executable memory",
      "the system has refused to let code be written",
      "the limit is reached",
      "a size that no address space has",
      "no code of this space at the given place",
      "the place is taken",
      "this cannot be changed while threads run it",
      "no back end that is allowed works on this system",
      "no free addresses within reach",
      "an option is out of its bounds, or two of them exclude each other",
      "not in this order",
  };
  return (unsigned) status < sizeof (texts) / sizeof (texts[0]) ? texts[status]
                                                                : "an unknown status";
}
