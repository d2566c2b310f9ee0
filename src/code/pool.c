/* Pools: placements in the slabs of one writer, granules given back, and the metadata tables.  The
   static functions are called with the lock of the pool held, except take_back, which takes it.  */
#include "code/pool.h"

#include <string.h> /* memset */

#include "code/fork.h"
#include "code/slab.h"
#include "code/types.h"

enum {
  FIRST_SLAB_SIZE = 64 * 1024, /* bytes: the smallest mapping on Windows, and the largest page */
  MAX_SLAB_SIZE = 1024 * 1024, /* bytes; only code that needs it gets a larger slab */
  FIRST_CAPACITY = 64,         /* of each metadata table */
  BUMP_MIN = 16 * 1024 / MIR_GRANULE, /* granules: the shortest run that becomes the bump region */
  COLOURED = 16                       /* granules: see mir_granules_for */
};

MIR_code_status_t mir_pool_init (struct mir_pool *pool, struct MIR_code_space *space) {
  memset (pool, 0, sizeof (*pool));
  pool->space = space;
  pool->slab_size = FIRST_SLAB_SIZE;
  mir_bins_init (&pool->bins);
  return mir_os_lock_init (&pool->lock) == 0 ? MIR_CODE_OK : MIR_CODE_NO_MEMORY;
}

void mir_pool_finish (struct mir_pool *pool) {
  struct MIR_code_space *space = pool->space;
  const MIR_code_hooks_t *hooks = space->hooks;
  struct mir_slab *next;
  for (struct mir_slab *slab = pool->slabs; slab != NULL; slab = next) {
    next = slab->next;
    if (hooks != NULL && hooks->unmapped != NULL)
      hooks->unmapped (hooks->user_data, slab->pages.rx, slab->pages.len);
    /* Pages which the user's mem_unmap refuses stay mapped: no caller is left to report that
       to.  */
    (void) slab->backend->unmap (&slab->pages);
    MIR_free (space->alloc, slab);
  }
  MIR_free (space->alloc, pool->bins.refs);
  MIR_free (space->alloc, pool->retired.ring);
  MIR_free (space->alloc, pool->tags.table);
  MIR_free (space->alloc, pool->thunks.table);
  mir_os_lock_destroy (&pool->lock);
}

uint32_t mir_granules_for (size_t len) {
  if (len > SIZE_MAX / 2 || len / MIR_GRANULE >= UINT32_MAX / 2) return 0;
  uint32_t n = (uint32_t) ((len + MIR_GRANULE - 1) / MIR_GRANULE);
  return n != 0 && n % COLOURED == 0 ? n + 1 : n;
}

/*---------------- Free runs -----------------------------*/

/* Whether the run at START is the bump region, which is in no bin.  */
static int is_bump (const struct mir_pool *pool, const struct mir_slab *slab, uint32_t start) {
  const struct mir_bump *bump = &pool->bump;
  return bump->slab == slab && bump->start == start && start < bump->bound;
}

/* Clear the bins and add all free runs again, as many as there is room for.  */
static void purge_bins (struct mir_pool *pool) {
  pool->runs = 0;
  mir_bins_clear (&pool->bins);
  for (struct mir_slab *slab = pool->slabs; slab != NULL; slab = slab->next) {
    if (slab->frozen) continue;
    for (uint32_t i = mir_granules_next_run (&slab->granules, 0); i != MIR_NO_GRANULE;) {
      uint32_t len = mir_granules_run_len (&slab->granules, i);
      if (!is_bump (pool, slab, i)) (void) mir_bins_add (&pool->bins, slab, i, len);
      pool->runs++;
      i = mir_granules_next_run (&slab->granules, i + len);
    }
  }
  pool->crowded = pool->runs > pool->bins.capacity / 2;
}

/* Add a new free run.  If the bins are full it is not found until they have grown, so freeing needs
   no memory.  */
static void add_run (struct mir_pool *pool, struct mir_slab *slab, uint32_t start, uint32_t len) {
  if (slab->frozen) return;
  if (mir_bins_add (&pool->bins, slab, start, len) != 0 && !pool->crowded) purge_bins (pool);
}

/* Make the rest of the bump region an ordinary free run.  */
static void leave_bump (struct mir_pool *pool) {
  struct mir_bump old = pool->bump;
  pool->bump.slab = NULL;
  if (old.slab != NULL && old.start < old.bound)
    add_run (pool, old.slab, old.start, old.bound - old.start);
}

/* Make the free run at START the bump region.  */
static void enter_bump (struct mir_pool *pool, struct mir_slab *slab, uint32_t start) {
  leave_bump (pool);
  pool->bump.slab = slab;
  pool->bump.start = start;
  pool->bump.bound = start + mir_granules_run_len (&slab->granules, start);
}

/*---------------- Metadata tables -----------------------------*/

/* Moves a table of POOL to MEMORY, of CAPACITY entries, if the table is smaller.  Returns the
   memory to be freed: the old one, or MEMORY.  */
typedef void *(move_func_t) (struct mir_pool *pool, struct mir_tags *tags, void *memory,
                             uint32_t capacity);

/* These three are move functions, for the bins, the retired blocks and a table of tags.  */

static void *move_bins (struct mir_pool *pool, struct mir_tags *tags, void *memory,
                        uint32_t capacity) {
  (void) tags;
  if (pool->bins.capacity >= capacity) return memory;
  memory = mir_bins_move (&pool->bins, memory, capacity);
  if (pool->crowded) purge_bins (pool);
  return memory;
}

/* Half the capacity that the bins need.  They need room for twice the free runs: then a purge
   leaves at least half of the references free.  */
static uint32_t half_of_bins_needed (const struct mir_pool *pool) {
  uint32_t half = pool->bins.capacity;
  while (half != 0 && half < pool->runs) half *= 2;
  return half;
}

static void *move_retired (struct mir_pool *pool, struct mir_tags *tags, void *memory,
                           uint32_t capacity) {
  (void) tags;
  return pool->retired.capacity >= capacity ? memory
                                            : mir_retired_move (&pool->retired, memory, capacity);
}

static void *move_tags (struct mir_pool *pool, struct mir_tags *tags, void *memory,
                        uint32_t capacity) {
  (void) pool;
  return tags->capacity >= capacity ? memory : mir_tags_move (tags, memory, capacity);
}

/* Double a table which has CAPACITY entries of SIZE bytes.  The lock is held.  It is released
   meanwhile, since no lock may be held while the general allocator is called; on failure it stays
   released.  */
static MIR_code_status_t grow_metadata (struct mir_pool *pool, struct mir_tags *tags,
                                        move_func_t *move, uint32_t capacity, size_t size) {
  MIR_alloc_t alloc = pool->space->alloc;
  mir_os_unlock (&pool->lock);
  if (capacity > UINT32_MAX / 4) return MIR_CODE_NO_MEMORY;
  capacity = capacity == 0 ? FIRST_CAPACITY : 2 * capacity;
  if (capacity > SIZE_MAX / size) return MIR_CODE_NO_MEMORY;
  void *memory = MIR_malloc (alloc, capacity * size);
  if (memory == NULL) return MIR_CODE_NO_MEMORY;
  mir_os_lock (&pool->lock);
  memory = move (pool, tags, memory, capacity);
  mir_os_unlock (&pool->lock);
  MIR_free (alloc, memory);
  mir_os_lock (&pool->lock);
  return MIR_CODE_OK;
}

/* The lock is held, and may be released meanwhile; on failure it is no longer held.  */
static MIR_code_status_t reserve_tables (struct mir_pool *pool, struct mir_tags *tags) {
  MIR_code_status_t status = MIR_CODE_OK;
  while (status == MIR_CODE_OK) {
    if (pool->bins.capacity == 0 || pool->crowded)
      status = grow_metadata (pool, NULL, move_bins, half_of_bins_needed (pool),
                              sizeof (struct mir_run));
    else if (pool->retired.capacity <= pool->blocks)
      status = grow_metadata (pool, NULL, move_retired, pool->retired.capacity, sizeof (uint8_t *));
    else if (tags != NULL && !mir_tags_have_room (tags))
      status = grow_metadata (pool, tags, move_tags, tags->capacity, sizeof (struct mir_tag));
    else
      break;
  }
  return status;
}

MIR_code_status_t mir_pool_reserve_metadata (struct mir_pool *pool, struct mir_tags *tags) {
  mir_os_lock (&pool->lock);
  return reserve_tables (pool, tags);
}

/*---------------- Taking -----------------------------*/

/* Set *PLACEMENT to a free run of at least N granules: the bump region first.  0: there is
   none.  */
static int find_room (struct mir_pool *pool, uint32_t n, struct mir_placement *placement) {
  struct mir_bump *bump = &pool->bump;
  if (bump->slab != NULL && bump->bound - bump->start >= n) {
    placement->slab = bump->slab;
    placement->start = bump->start;
    return 1;
  }
  if (mir_bins_find (&pool->bins, n > BUMP_MIN ? n : BUMP_MIN, &placement->slab, &placement->start)
      == 0) {
    enter_bump (pool, placement->slab, placement->start);
    return 1;
  }
  return mir_bins_find (&pool->bins, n, &placement->slab, &placement->start) == 0;
}

/* Whether SLAB is sealed and older than a fork.  Such a slab cannot be written: from now on nothing
   is published in it.  */
static int freeze (struct mir_pool *pool, struct mir_slab *slab) {
  if (pool->space->options.protection != MIR_CODE_SEALED
      || slab->pages.generation == mir_generation ())
    return 0;
  slab->frozen = 1;
  if (pool->bump.slab == slab) pool->bump.slab = NULL;
  return 1;
}

MIR_code_status_t mir_pool_find_room (struct mir_pool *pool, uint32_t n, struct mir_tags *tags,
                                      struct mir_placement *placement) {
  placement->fresh = 0;
  mir_os_lock (&pool->lock);
  for (;;) {
    MIR_code_status_t status = reserve_tables (pool, tags);
    if (status != MIR_CODE_OK) return status;
    if (find_room (pool, n, placement)) {
      if (!freeze (pool, placement->slab)) return MIR_CODE_OK;
      continue;
    }
    size_t preferred = pool->slab_size;
    struct mir_slab *slab;
    mir_os_unlock (&pool->lock);
    (void) mir_pools_drop_orphans (pool->space);
    status = mir_slab_make (pool, n, preferred, &slab);
    if (status == MIR_CODE_LIMIT && mir_pools_drop_empty (pool->space) > 0)
      status = mir_slab_make (pool, n, preferred, &slab);
    if (status != MIR_CODE_OK) return status;
    mir_os_lock (&pool->lock);
    mir_slab_link (slab);
    enter_bump (pool, slab, 0);
    if (pool->slab_size < MAX_SLAB_SIZE) pool->slab_size *= 2;
    placement->fresh = 1;
  }
}

void mir_pool_take (struct mir_pool *pool, const struct mir_placement *placement, uint32_t n) {
  struct mir_granules *granules = &placement->slab->granules;
  if (mir_slab_is_empty (placement->slab)) pool->empty_num--;
  pool->blocks++;
  if (is_bump (pool, placement->slab, placement->start)) {
    mir_granules_take (granules, placement->start, n);
    pool->bump.start += n;
    return;
  }
  uint32_t len = mir_granules_run_len (granules, placement->start);
  mir_granules_take (granules, placement->start, n);
  if (len > n) add_run (pool, placement->slab, placement->start + n, len - n);
}

/*---------------- Giving back -----------------------------*/

/* Free the granules of the block at FIRST; they merge with the runs around them.  */
static void free_granules (struct mir_pool *pool, struct mir_slab *slab, uint32_t first) {
  struct mir_bump *bump = &pool->bump;
  uint32_t start, len = mir_granules_release (&slab->granules, first, &start);
  if (bump->slab == slab && bump->start < bump->bound && start <= bump->start
      && bump->start < start + len) {
    bump->start = start;
    bump->bound = start + len;
  } else {
    add_run (pool, slab, start, len);
  }
  if (!mir_slab_is_empty (slab)) return;
  pool->empty_num++;
  slab->empty_since = mir_os_now ();
}

void mir_pool_release (struct mir_pool *pool, struct mir_slab *slab, uint32_t first) {
  pool->blocks--;
  free_granules (pool, slab, first);
}

void mir_pool_shrink (struct mir_pool *pool, struct mir_slab *slab, uint32_t first, uint32_t n) {
  if (mir_granules_block_len (&slab->granules, first) == n) return;
  mir_granules_split (&slab->granules, first, n);
  free_granules (pool, slab, first + n);
}

void mir_pool_cut (struct mir_pool *pool, struct mir_slab *slab, uint32_t first, uint32_t n) {
  if (n == 0) return;
  mir_granules_split (&slab->granules, first, n);
  free_granules (pool, slab, first);
}

struct mir_slab *mir_pool_unlink_empty (struct mir_pool *pool, uint64_t older_than, int all) {
  struct mir_slab *list = NULL, *next;
  int kept = all;
  if (pool->empty_num < (all ? 1u : 2u)) return NULL;
  uint64_t now = mir_os_now ();
  for (struct mir_slab *slab = pool->slabs; slab != NULL; slab = next) {
    next = slab->next;
    if (!mir_slab_is_empty (slab)) continue;
    if (!kept || now - slab->empty_since < older_than) {
      kept = 1;
      continue;
    }
    if (pool->bump.slab == slab) pool->bump.slab = NULL;
    mir_slab_unlink (slab);
    slab->next = list;
    list = slab;
  }
  if (list != NULL) purge_bins (pool);
  return list;
}

struct mir_slab *mir_pool_unlink_slab (struct mir_pool *pool, struct mir_slab *slab) {
  if (!mir_slab_is_empty (slab)) return NULL;
  if (pool->bump.slab == slab) pool->bump.slab = NULL;
  mir_slab_unlink (slab);
  slab->next = NULL;
  purge_bins (pool);
  return slab;
}

/* Put SLAB, which the system does not unmap, back into the lists.  */
static void take_back (struct mir_pool *pool, struct mir_slab *slab) {
  mir_os_lock (&pool->lock);
  mir_slab_link (slab);
  enter_bump (pool, slab, 0);
  mir_os_unlock (&pool->lock);
}

size_t mir_pool_drop_slabs (struct mir_slab *list) {
  size_t bytes = 0;
  while (list != NULL) {
    struct mir_slab *slab = list;
    struct mir_pool *pool = slab->pool;
    list = list->next;
    size_t len = mir_slab_unmap (slab);
    if (len == 0) take_back (pool, slab);
    bytes += len;
  }
  return bytes;
}

size_t mir_pools_drop_orphans (struct MIR_code_space *space) {
  size_t bytes = 0;
  struct mir_slab *slab;
  while ((slab = mir_slab_adopt (space)) != NULL) {
    slab->next = NULL;
    bytes += mir_pool_drop_slabs (slab);
  }
  return bytes;
}

size_t mir_pools_drop_empty (struct MIR_code_space *space) {
  size_t bytes = mir_pools_drop_orphans (space);
  for (struct mir_pool *pool = &space->first; pool != NULL; pool = mir_pool_next (pool)) {
    mir_os_lock (&pool->lock);
    struct mir_slab *dropped = mir_pool_unlink_empty (pool, 0 /* ms */, 1 /* all */);
    mir_os_unlock (&pool->lock);
    bytes += mir_pool_drop_slabs (dropped);
  }
  return bytes;
}
