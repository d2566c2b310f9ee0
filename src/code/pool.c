/* Pools: placements in their slabs and in those of other pools, granules given back, and the
   metadata tables.  The static functions are called with the lock of the pool held, except where
   they say otherwise.  */
#include "code/pool.h"

#include <string.h> /* memset */

#include "code/fork.h"
#include "code/slab.h"
#include "code/status.h"
#include "code/types.h"

enum {
  FIRST_SLAB_SIZE = 64 * 1024, /* bytes: the smallest mapping on Windows, and the largest page */
  FIRST_PART_SLAB_SIZE = 128 * 1024, /* in parts: see populated_step */
  MAX_SLAB_SIZE =
      1024 * 1024,           /* bytes; only huge pages, or code that needs it, get a larger slab */
  FIRST_CAPACITY = 64,       /* of the retired blocks and of each table of tags */
  FIRST_CHUNKS = 16,         /* of the bins */
  LOOKED_AT = 64,            /* entries of a bin: see mir_bins_take */
  BUMP_MIN = 512,            /* granules: the shortest run that becomes the bump region */
  GRANULES_PER_CHUNK = 2048, /* see least_chunks */
  SPARE_PARTS = 8,           /* an eighth: see is_sharing_due */
  KEPT_PARTS = 16,           /* a sixteenth: see mir_pool_unlink_empty */
  SLAB_PARTS = 128,          /* see is_sharing_due */
  FORGOTTEN = 4              /* slabs whose entries cost less than a purge */
};

MIR_code_status_t mir_pool_init (struct mir_pool *pool, struct MIR_code_space *space) {
  memset (pool, 0, sizeof (*pool));
  pool->space = space;
  pool->slab_size = space->owner == space ? FIRST_SLAB_SIZE : FIRST_PART_SLAB_SIZE;
  pool->crowded = 1; /* the bins have no memory yet */
  mir_bins_init (&pool->bins);
  return mir_os_lock_init (&pool->lock) == 0 ? MIR_CODE_OK : MIR_CODE_NO_MEMORY;
}

void mir_pool_finish (struct mir_pool *pool) {
  struct MIR_code_space *space = pool->space;
  const MIR_code_hooks_t *hooks = space->hooks;
  struct mir_slab *next;
  for (struct mir_slab *slab = pool->slabs; slab != NULL; slab = next) {
    next = slab->next;
    if (!slab->in_place && hooks != NULL && hooks->unmapped != NULL)
      hooks->unmapped (hooks->user_data, slab->pages.rx, slab->pages.len);
    if (slab->has_frames) mir_frames_close (slab);
    /* Pages which the user's mem_unmap refuses stay mapped: no caller is left to report that
       to.  */
    (void) slab->backend->unmap (&slab->pages);
    mir_slab_free (slab);
  }
  mir_pool_free_described (pool);
  MIR_free (space->alloc, pool->bins.chunks);
  MIR_free (space->alloc, pool->retired.ring);
  MIR_free (space->alloc, pool->tags.table);
  MIR_free (space->alloc, pool->thunks.table);
  mir_os_lock_destroy (&pool->lock);
}

/*---------------- Free runs -----------------------------*/

static int is_bump (const struct mir_pool *pool, const struct mir_slab *slab, uint32_t start) {
  const struct mir_bump *bump = &pool->bump;
  return bump->slab == slab && bump->start == start && start < bump->bound;
}

static uint32_t bump_len (const struct mir_pool *pool) {
  return pool->bump.slab != NULL ? pool->bump.bound - pool->bump.start : 0;
}

/* The chunks that the bins must have, however few free runs there are: a purge, which walks the
   bitmaps, is paid for by the entries added since the last one.  */
static uint32_t least_chunks (const struct mir_pool *pool) {
  return (uint32_t) (mir_count (&pool->total) / GRANULES_PER_CHUNK) + 1;
}

/* Set POOL->crowded.  */
static void check_capacity (struct mir_pool *pool) {
  pool->crowded =
      pool->bins.used > pool->bins.capacity / 2 || pool->bins.capacity < least_chunks (pool);
}

/* Clear the bins and add all free runs again, as many as there is room for.  Those at high addresses
   come first, so that the search, which takes the newest, tends to empty the slabs there.  */
static void purge_bins (struct mir_pool *pool) {
  struct mir_slab *slab = pool->slabs;
  pool->freed = pool->hidden = 0;
  mir_bins_clear (&pool->bins);
  while (slab != NULL && slab->next != NULL) slab = slab->next;
  for (; slab != NULL; slab = slab->previous) {
    if (slab->frozen) continue;
    for (uint32_t i = mir_granules_next_run (&slab->granules, 0); i != MIR_NO_GRANULE;) {
      uint32_t len = mir_granules_run_len (&slab->granules, i);
      if (!is_bump (pool, slab, i)) (void) mir_bins_add (&pool->bins, slab, i, len);
      i = mir_granules_next_run (&slab->granules, i + len);
    }
  }
  check_capacity (pool);
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

/* Make the free run of LEN granules at START the bump region.  */
static void enter_bump (struct mir_pool *pool, struct mir_slab *slab, uint32_t start,
                        uint32_t len) {
  leave_bump (pool);
  pool->bump.slab = slab;
  pool->bump.start = start;
  pool->bump.bound = start + len;
}

/*---------------- Metadata tables -----------------------------*/

/* What can be moved to other memory.  */
enum table { BINS, RETIRED, TAGS, THUNKS };

/* Entries that TABLE has room for.  */
static uint32_t capacity_of (const struct mir_pool *pool, enum table table) {
  switch (table) {
    case BINS:
      return pool->bins.capacity;
    case RETIRED:
      return pool->retired.capacity;
    case TAGS:
      return pool->tags.capacity;
    default:
      return pool->thunks.capacity;
  }
}

/* Bytes of an entry of TABLE.  */
static size_t entry_size (enum table table) {
  return table == BINS      ? sizeof (struct mir_run_chunk)
         : table == RETIRED ? sizeof (uint8_t *)
                            : sizeof (struct mir_tag);
}

/* Entries that TABLE needs for the next code block.  The bins need twice the chunks that their free
   runs fill, so that a purge leaves half of them free.  */
static uint32_t needed_in (const struct mir_pool *pool, enum table table) {
  uint32_t least;
  switch (table) {
    case BINS:
      least = least_chunks (pool);
      return pool->crowded && least < 2 * pool->bins.used + 1 ? 2 * pool->bins.used + 1 : least;
    case RETIRED:
      return pool->blocks + 1;
    case TAGS:
      return (pool->tags.num + 1) / 3 * 4 + 4;
    default:
      return (pool->thunks.num + 1) / 3 * 4 + 4;
  }
}

static inline int has_room (const struct mir_pool *pool, enum table table) {
  switch (table) {
    case BINS:
      return !pool->crowded;
    case RETIRED: /* the blocks of a part are retired by their objects */
      return pool->retired.capacity > pool->blocks || pool->space->owner != pool->space;
    case TAGS:
      return mir_tags_have_room (&pool->tags);
    default:
      return mir_tags_have_room (&pool->thunks);
  }
}

/* Move TABLE to MEMORY, of CAPACITY entries, enough for what it holds.  Returns the old memory.  */
static void *move_table (struct mir_pool *pool, enum table table, void *memory, uint32_t capacity) {
  void *old;
  switch (table) {
    case BINS:
      if (pool->bins.fresh > capacity) mir_bins_clear (&pool->bins); /* and all are added again */
      old = mir_bins_move (&pool->bins, memory, capacity);
      purge_bins (pool);
      return old;
    case RETIRED:
      return mir_retired_move (&pool->retired, memory, capacity);
    case TAGS:
      return mir_tags_move (&pool->tags, memory, capacity);
    default:
      return mir_tags_move (&pool->thunks, memory, capacity);
  }
}

/* Make room for one more entry in TABLE.  The lock is released meanwhile, since no lock may be held
   while the general allocator is called; on failure it stays released.  */
static MIR_code_status_t grow_metadata (struct mir_pool *pool, enum table table) {
  MIR_alloc_t alloc = pool->space->alloc;
  uint32_t needed = needed_in (pool, table);
  uint32_t capacity = table == BINS ? FIRST_CHUNKS : FIRST_CAPACITY;
  size_t size = entry_size (table);
  mir_os_unlock (&pool->lock);
  if (needed > UINT32_MAX / 2) return MIR_CODE_NO_MEMORY;
  while (capacity < needed) capacity *= 2;
  if (capacity > SIZE_MAX / size) return MIR_CODE_NO_MEMORY;
  void *memory = MIR_malloc (alloc, capacity * size);
  if (memory == NULL) return MIR_CODE_NO_MEMORY;
  mir_os_lock (&pool->lock);
  if (!has_room (pool, table) && capacity_of (pool, table) < capacity)
    memory = move_table (pool, table, memory, capacity);
  mir_os_unlock (&pool->lock);
  MIR_free (alloc, memory);
  mir_os_lock (&pool->lock);
  return MIR_CODE_OK;
}

/* The lock may be released meanwhile; on failure it is no longer held.  */
static MIR_code_status_t reserve_tables (struct mir_pool *pool, enum mir_table table) {
  MIR_code_status_t status = MIR_CODE_OK;
  while (status == MIR_CODE_OK) {
    if (table == MIR_NO_TABLE && has_room (pool, BINS) && has_room (pool, RETIRED)) break;
    if (!has_room (pool, BINS)) purge_bins (pool); /* runs may have gone since they were full */
    if (!has_room (pool, BINS))
      status = grow_metadata (pool, BINS);
    else if (!has_room (pool, RETIRED))
      status = grow_metadata (pool, RETIRED);
    else if (table == MIR_TAGS && !has_room (pool, TAGS))
      status = grow_metadata (pool, TAGS);
    else if (table == MIR_THUNKS && !has_room (pool, THUNKS))
      status = grow_metadata (pool, THUNKS);
    else
      break;
  }
  return status;
}

MIR_code_status_t mir_pool_reserve_metadata (struct mir_pool *pool, enum mir_table table) {
  mir_os_lock (&pool->lock);
  return reserve_tables (pool, table);
}

/* Move TABLE to a quarter of its memory or less if that is enough.  The lock is not held.  */
static void shrink_table (struct mir_pool *pool, enum table table) {
  MIR_alloc_t alloc = pool->space->alloc;
  uint32_t capacity = table == BINS ? FIRST_CHUNKS : FIRST_CAPACITY;
  mir_os_lock (&pool->lock);
  if (table == BINS) purge_bins (pool);
  uint32_t needed = needed_in (pool, table);
  uint32_t old_capacity = capacity_of (pool, table);
  mir_os_unlock (&pool->lock);
  while (capacity < 2 * needed) capacity *= 2;
  if (capacity > old_capacity / 4) return;
  void *memory = MIR_malloc (alloc, capacity * entry_size (table));
  if (memory == NULL) return;
  mir_os_lock (&pool->lock);
  if (table == BINS) purge_bins (pool);
  needed = needed_in (pool, table);
  if (needed <= capacity && capacity < capacity_of (pool, table))
    memory = move_table (pool, table, memory, capacity);
  mir_os_unlock (&pool->lock);
  MIR_free (alloc, memory);
}

void mir_pool_shrink_tables (struct mir_pool *pool) {
  shrink_table (pool, BINS);
  shrink_table (pool, RETIRED);
  shrink_table (pool, TAGS);
  shrink_table (pool, THUNKS);
}

/*---------------- Finding room -----------------------------*/

/* Set *PLACEMENT to the shortest free run of at least N granules: 0, or -1 if there is none.  LIMIT
   is that of mir_bins_take.  The bump region is a run like any other, but it is in no bin and needs
   no search while no shorter run fits.  */
static inline int find_in (struct mir_pool *pool, uint32_t n, uint32_t limit,
                           struct mir_placement *placement) {
  uint32_t straight = bump_len (pool);
  struct mir_run run;
  if (!mir_bins_have_none (&pool->bins, n)
      && mir_bins_take (&pool->bins, n, straight >= n ? straight : UINT32_MAX, limit, &pool->bump,
                        &run)
             == 0) {
    placement->slab = run.slab;
    placement->start = run.start;
    placement->len = run.len;
    if (run.len >= BUMP_MIN && straight < n) enter_bump (pool, run.slab, run.start, run.len);
    return 0;
  }
  if (straight < n) return -1;
  placement->slab = pool->bump.slab;
  placement->start = pool->bump.start;
  placement->len = straight;
  return 0;
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

/* As mir_pool_find_room, in POOL alone.  If THOROUGH, runs are found that have grown unseen, and
   those behind many that are too short.  Then freeing measures runs until the pool grows: a pool at
   its limit is asked for room again and again.  The lock is not held, nor afterwards unless
   *FOUND.  */
static MIR_code_status_t look_in (struct mir_pool *pool, uint32_t n, enum mir_table table,
                                  int thorough, struct mir_placement *placement, int *found) {
  MIR_code_status_t status = mir_pool_reserve_metadata (pool, table);
  *found = 0;
  if (status != MIR_CODE_OK) return status;
  if (pool->hidden >= (thorough ? 1 : least_chunks (pool))) {
    purge_bins (pool);
    pool->measuring |= thorough;
  }
  while (find_in (pool, n, thorough ? UINT32_MAX : LOOKED_AT, placement) == 0)
    if (!freeze (pool, placement->slab)) {
      *found = 1;
      return MIR_CODE_OK;
    }
  mir_os_unlock (&pool->lock);
  return MIR_CODE_OK;
}

static size_t max_slab_size (const struct MIR_code_space *space) {
  return space->huge ? MIR_HUGE_PAGE : MAX_SLAB_SIZE;
}

/* Whether so much is free in all pools of SPACE together that pools look for room in each other.
   Below that each pool keeps its straight line, and writers do not wait for each other.  Sets *SIZE
   to the bytes of a slab for which that holds while all pools grow; not to less than a 128th of all,
   since a process may have only so many mappings; 0: only one pool has slabs, and may double them.
   No lock is held.  */
static int is_sharing_due (struct MIR_code_space *space, size_t *size) {
  uint64_t taken = 0, total = 0;
  size_t max_size = max_slab_size (space);
  unsigned pools = 0;
  for (struct mir_pool *pool = &space->first; pool != NULL; pool = mir_pool_next (pool)) {
    uint64_t slabs = mir_count (&pool->total);
    pools += slabs != 0;
    total += slabs;
    taken += mir_count (&pool->taken);
  }
  unsigned parts = 2 * (pools + 1) < SLAB_PARTS ? 2 * (pools + 1) : SLAB_PARTS;
  size_t share = ((size_t) total << space->shift) / parts;
  *size = pools < 2 ? 0 : FIRST_SLAB_SIZE;
  while (*size != 0 && *size < max_size && *size <= share / 2) *size *= 2;
  return total > taken && total - taken > taken / SPARE_PARTS;
}

/* As look_in, in all pools of the space, POOL last, that may have room.  */
static MIR_code_status_t look_everywhere (struct mir_pool *pool, uint32_t n, enum mir_table table,
                                          int thorough, struct mir_placement *placement,
                                          int *found) {
  struct mir_pool *other = pool;
  *found = 0;
  do {
    other = mir_pool_next (other) != NULL ? mir_pool_next (other) : &pool->space->first;
    if (mir_count (&other->total) - mir_count (&other->taken) < n) continue;
    MIR_code_status_t status = look_in (other, n, table, thorough, placement, found);
    if (status != MIR_CODE_OK || *found) return status;
  } while (other != pool);
  return MIR_CODE_OK;
}

MIR_code_status_t mir_pool_add_slab (struct mir_pool *pool, struct mir_slab *slab) {
  mir_os_lock (&pool->lock);
  if (mir_slab_overlaps (slab)) { /* with one that another thread has got meanwhile */
    mir_os_unlock (&pool->lock);
    mir_slab_forget (slab);
    return MIR_CODE_MAP_REFUSED;
  }
  mir_slab_link (slab);
  if (pool->bins.capacity < least_chunks (pool)) pool->crowded = 1;
  pool->measuring = 0;
  return MIR_CODE_OK;
}

/* Map a slab for N granules, of SIZE bytes unless N needs more, 0: twice as large as the last one, and
   make it the bump region.  The lock is not held.  */
static MIR_code_status_t map_room (struct mir_pool *pool, uint32_t n, size_t size,
                                   struct mir_slab **slab) {
  mir_os_lock (&pool->lock);
  if (size == 0) size = pool->slab_size;
  mir_os_unlock (&pool->lock);
  (void) mir_pools_drop_orphans (pool->space);
  MIR_code_status_t status = mir_slab_make (pool, n, size, slab);
  if (mir_pools_make_way (pool->space, status) > 0) status = mir_slab_make (pool, n, size, slab);
  if (status != MIR_CODE_OK) return status;
  if ((status = mir_pool_add_slab (pool, *slab)) != MIR_CODE_OK) return status;
  enter_bump (pool, *slab, 0, (*slab)->granules.count);
  if (pool->slab_size == size && size < max_slab_size (pool->space)) pool->slab_size *= 2;
  mir_os_unlock (&pool->lock);
  return MIR_CODE_OK;
}

/* Remove SLAB, which is empty, from its pool and return it.  */
static struct mir_slab *unlink_slab (struct mir_slab *slab) {
  struct mir_pool *pool = slab->pool;
  if (pool->bump.slab == slab) pool->bump.slab = NULL;
  mir_slab_unlink (slab);
  slab->next = NULL;
  mir_bins_forget (&pool->bins, slab);
  return slab;
}

void mir_pool_drop_slab (struct mir_pool *pool, struct mir_slab *slab) {
  mir_os_lock (&pool->lock);
  struct mir_slab *empty = pool->empty_oldest;
  while (empty != NULL && empty != slab) empty = empty->later;
  if (empty != NULL) empty = unlink_slab (empty);
  mir_os_unlock (&pool->lock);
  mir_pool_drop_slabs (empty);
}

/* As mir_pool_find_room, without mapping anything, after a look in POOL that was not thorough.  The
   other pools come before a purge, which is dear.  */
static MIR_code_status_t look (struct mir_pool *pool, uint32_t n, enum mir_table table, int sharing,
                               struct mir_placement *placement, int *found) {
  MIR_code_status_t status = MIR_CODE_OK;
  *found = 0;
  if (sharing) status = look_everywhere (pool, n, table, 0, placement, found);
  if (status != MIR_CODE_OK || *found) return status;
  status = look_in (pool, n, table, 1 /* thorough */, placement, found);
  if (status != MIR_CODE_OK || *found || !sharing) return status;
  return look_everywhere (pool, n, table, 1, placement, found);
}

/* The usual case of mir_pool_find_room: POOL has room.  Returns 0 with the lock held, or -1.  */
static inline int look_here (struct mir_pool *pool, uint32_t n, enum mir_table table,
                             struct mir_placement *placement) {
  placement->fresh = 0;
  mir_os_lock (&pool->lock);
  if (table == MIR_NO_TABLE && has_room (pool, BINS) && has_room (pool, RETIRED)
      && pool->space->options.protection != MIR_CODE_SEALED
      && find_in (pool, n, LOOKED_AT, placement) == 0)
    return 0;
  mir_os_unlock (&pool->lock);
  return -1;
}

MIR_code_status_t mir_pool_find_room (struct mir_pool *pool, uint32_t n, enum mir_table table,
                                      struct mir_placement *placement) {
  struct mir_slab *fresh = NULL;
  int found;
  size_t size;
  if (look_here (pool, n, table, placement) == 0) return MIR_CODE_OK;
  MIR_code_status_t status = look_in (pool, n, table, 0, placement, &found);
  while (status == MIR_CODE_OK && !found) {
    int sharing = is_sharing_due (pool->space, &size);
    status = look (pool, n, table, sharing, placement, &found);
    if (status != MIR_CODE_OK || found) break;
    MIR_code_status_t refused = map_room (pool, n, size, &fresh);
    if (refused == MIR_CODE_OK) {
      status = look_in (pool, n, table, 0, placement, &found);
      placement->fresh = found && placement->slab == fresh;
      if (status != MIR_CODE_OK) mir_pool_drop_slab (pool, fresh);
    } else {
      if (!sharing) status = look (pool, n, table, 1, placement, &found);
      if (status == MIR_CODE_OK && !found) status = refused;
    }
  }
  return status;
}

/* Set *PLACEMENT to N free granules at a multiple of ALIGNMENT bytes.  0, or -1 if there are none.  */
static int find_aligned_in (struct mir_pool *pool, uint32_t n, size_t alignment,
                            struct mir_placement *placement) {
  for (struct mir_slab *slab = pool->slabs; slab != NULL; slab = slab->next)
    for (uint32_t i = mir_granules_next_run (&slab->granules, 0);
         i != MIR_NO_GRANULE && !slab->frozen;) {
      uint32_t len = mir_granules_run_len (&slab->granules, i);
      uintptr_t addr = (uintptr_t) mir_slab_address (slab, i);
      uint32_t gap = (uint32_t) ((0 - addr) % alignment >> slab->shift);
      if (len >= n && len - n >= gap) {
        if (gap != 0 && is_bump (pool, slab, i)) leave_bump (pool);
        *placement = (struct mir_placement) {.slab = slab, .start = i + gap, .len = len - gap};
        return 0;
      }
      i = mir_granules_next_run (&slab->granules, i + len);
    }
  return -1;
}

int mir_pool_find_aligned (struct mir_pool *pool, uint32_t n, size_t alignment,
                           struct mir_placement *placement) {
  for (struct mir_pool *each = &pool->space->first; each != NULL; each = mir_pool_next (each)) {
    if (mir_pool_reserve_metadata (each, MIR_NO_TABLE) != MIR_CODE_OK) return -1;
    if (find_aligned_in (each, n, alignment, placement) == 0 && !freeze (each, placement->slab))
      return 0;
    mir_os_unlock (&each->lock);
  }
  return -1;
}

uint32_t mir_pool_place_at (struct mir_slab *slab, uint32_t start,
                            struct mir_placement *placement) {
  placement->slab = slab;
  placement->start = start;
  placement->len = slab->frozen ? 0 : mir_granules_run_len (&slab->granules, start);
  placement->fresh = 0;
  return placement->len;
}

/*---------------- Taking -----------------------------*/

void mir_pool_take (const struct mir_placement *placement, uint32_t n) {
  struct mir_slab *slab = placement->slab;
  struct mir_pool *pool = slab->pool;
  if (mir_slab_is_empty (slab)) mir_slab_leave_empty (slab);
  pool->blocks++;
  mir_count_add (&pool->taken, n);
  if (pool->most_taken < mir_count (&pool->taken)) pool->most_taken = mir_count (&pool->taken);
  mir_granules_take (&slab->granules, placement->start, n);
  if (is_bump (pool, slab, placement->start))
    pool->bump.start += n;
  else if (placement->len > n)
    add_run (pool, slab, placement->start + n, placement->len - n);
}

void mir_pool_leave (const struct mir_placement *placement) {
  struct mir_pool *pool = placement->slab->pool;
  if (!is_bump (pool, placement->slab, placement->start))
    add_run (pool, placement->slab, placement->start, placement->len);
}

struct mir_slab *mir_pool_give_up (const struct mir_placement *placement) {
  struct mir_slab *slab = placement->slab;
  mir_pool_leave (placement);
  return placement->fresh && mir_slab_is_empty (slab) ? unlink_slab (slab) : NULL;
}

/*---------------- Giving back -----------------------------*/

/* The taken granules [FIRST, BOUND), just freed, join the bump region, which they adjoin.  */
static void join_bump (struct mir_bump *bump, uint32_t first, uint32_t bound) {
  struct mir_granules *granules = &bump->slab->granules;
  if (bound == bump->start)
    bump->start = mir_granules_run_start (granules, first);
  else
    bump->bound = mir_granules_run_bound (granules, bound);
}

/* Free the taken granules [FIRST, BOUND).  */
static inline void free_granules (struct mir_slab *slab, uint32_t first, uint32_t bound,
                                  int measured) {
  struct mir_pool *pool = slab->pool;
  struct mir_bump *bump = &pool->bump;
  uint32_t start = mir_granules_release (&slab->granules, first, bound);
  if (start == MIR_NO_GRANULE) {
    if (measured || pool->measuring)
      start = mir_granules_run_start (&slab->granules, first);
    else
      pool->hidden++;
  }
  pool->freed++;
  mir_count_subtract (&pool->taken, bound - first);
  if (bump->slab == slab && bump->start < bump->bound
      && (bound == bump->start || first == bump->bound))
    join_bump (bump, first, bound);
  else if (start != MIR_NO_GRANULE)
    add_run (pool, slab, start, mir_granules_run_bound (&slab->granules, bound) - start);
  if (!mir_slab_is_empty (slab)) return;
  mir_slab_enter_empty (slab);
  if (pool->blocks == 0 && pool->freed >= least_chunks (pool))
    purge_bins (pool); /* a few runs, instead of an entry for each block */
}

void mir_pool_release (struct mir_slab *slab, uint32_t first, uint32_t last) {
  slab->pool->blocks--;
  free_granules (slab, first, last + 1, 0);
}

void mir_pool_release_one_of_many (struct mir_slab *slab, uint32_t first, uint32_t last) {
  slab->pool->blocks--;
  free_granules (slab, first, last + 1, 1);
}

void mir_pool_shrink (struct mir_slab *slab, uint32_t first, uint32_t n) {
  struct mir_granules *granules = &slab->granules;
  uint32_t last = mir_granules_block_last (granules, first);
  if (last == first + n - 1) return;
  mir_granules_end_at (granules, first + n - 1, mir_granules_is_pinned (granules, last));
  free_granules (slab, first + n, last + 1, 0);
}

void mir_pool_cut (struct mir_slab *slab, uint32_t first, uint32_t n) {
  if (n != 0) free_granules (slab, first, first + n, 0);
}

/* One block at a time is out of the list: a request for cancellation that acts in the general allocator
   loses none.  */
void mir_pool_free_described (struct mir_pool *pool) {
  struct mir_described *block;
  do {
    mir_os_lock (&pool->lock);
    block = pool->described;
    if (block != NULL) pool->described = block->next;
    mir_os_unlock (&pool->lock);
    if (block != NULL) mir_described_free (pool->space->alloc, block);
  } while (block != NULL);
}

/* The granules of slabs that are kept: what was taken in the last LATELY milliseconds, or up to three
   times that, and a little more.  */
static uint64_t kept_granules (struct mir_pool *pool, uint64_t now, uint64_t lately) {
  if (now - pool->most_since >= lately) {
    pool->most_since = now;
    pool->most_before = pool->most_taken;
    pool->most_taken = mir_count (&pool->taken);
  }
  uint64_t most = pool->most_taken > pool->most_before ? pool->most_taken : pool->most_before;
  return most + most / KEPT_PARTS;
}

/* What is not needed goes only when it is a sixteenth of all: then the purge, which walks all of the
   rest, is paid for.  */
struct mir_slab *mir_pool_unlink_empty (struct mir_pool *pool, uint64_t older_than, int all) {
  struct mir_slab *list = NULL, *slab;
  uint32_t num = 0;
  if (pool->empty_num == 0) return NULL;
  uint64_t now = mir_os_now (), kept = all ? 0 : kept_granules (pool, now, older_than);
  uint64_t total = mir_count (&pool->total);
  int too_many = total > kept && total - kept >= total / KEPT_PARTS;
  while ((slab = pool->empty_oldest) != NULL) {
    int is_old = now - slab->empty_since >= older_than && slab != pool->empty_newest;
    int is_spare = too_many && mir_count (&pool->total) - slab->granules.count >= kept;
    if (!all && !is_old && !is_spare) break;
    if (pool->bump.slab == slab) pool->bump.slab = NULL;
    mir_slab_unlink (slab);
    slab->next = list;
    list = slab;
    num++;
  }
  if (num > FORGOTTEN)
    purge_bins (pool);
  else if (list != NULL)
    for (slab = list; slab != NULL; slab = slab->next) mir_bins_forget (&pool->bins, slab);
  return list;
}

/* Put SLAB, which the system does not unmap, back into the lists.  The lock is not held.  */
static void take_back (struct mir_pool *pool, struct mir_slab *slab) {
  mir_os_lock (&pool->lock);
  mir_slab_link (slab);
  if (pool->bins.capacity < least_chunks (pool)) pool->crowded = 1;
  if (!slab->frozen) enter_bump (pool, slab, 0, slab->granules.count);
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

size_t mir_pools_make_way (struct MIR_code_space *space, MIR_code_status_t status) {
  if (status != MIR_CODE_LIMIT && !mir_status_is_limit (status)) return 0;
  size_t bytes = mir_pools_drop_empty (space->owner);
  for (int i = 0; i < MIR_PARTS; i++) {
    struct MIR_code_space *part = atomic_load (&space->owner->parts[i]);
    if (part != NULL) bytes += mir_pools_drop_empty (part);
  }
  return bytes;
}
