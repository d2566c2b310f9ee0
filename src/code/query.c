/* Queries of a space: code blocks by address, statistics, invariants.  Any thread.  The static
   functions are called with the lock of the pool held.  */
#include "code/query.h"

#include "code/part.h"
#include "code/slab.h"
#include "code/space.h"
#include "code/types.h"
#include "code/versions.h"
#include "code/writer.h"

MIR_code_status_t MIR_code_query (MIR_code_space_t space, const void *addr,
                                  MIR_code_piece_t *piece) {
  MIR_code_piece_t found = {0};
  if (!mir_version_is_known (piece->size, MIR_PIECE_FIRST, sizeof (*piece)))
    return MIR_CODE_BAD_OPTION;
  struct mir_slab *slab = mir_part_lock_code (space, addr);
  if (slab == NULL) return MIR_CODE_NOT_OURS;
  uint32_t first = mir_granules_block (&slab->granules, mir_slab_granule (slab, addr));
  if (first != MIR_NO_GRANULE) {
    uint32_t last = mir_granules_block_last (&slab->granules, first);
    found.start = mir_slab_address (slab, first);
    found.len = mir_slab_offset (slab, last - first + 1);
    struct mir_tag *tag = mir_tags_find (&slab->pool->tags, (uintptr_t) found.start);
    found.tag = tag != NULL ? tag->value : 0;
    /* A retired block stays pinned until it is reclaimed.  */
    found.freed = mir_granules_is_pinned (&slab->granules, last);
  }
  mir_os_unlock (&slab->pool->lock);
  if (first == MIR_NO_GRANULE) return MIR_CODE_NOT_OURS;
  mir_write_version (piece, &found);
  return MIR_CODE_OK;
}

/*---------------- Statistics -----------------------------*/

/* Add the numbers of POOL, of code, to STATS.  */
static void add_code_stats (const struct mir_pool *pool, MIR_code_stats_t *stats) {
  size_t freed_bytes = (size_t) pool->freed_granules * MIR_GRANULE;
  stats->pieces += pool->blocks - pool->retired.num;
  stats->freed += pool->retired.num;
  stats->freed_bytes += freed_bytes;
  stats->piece_bytes += (size_t) mir_count (&pool->taken) * MIR_GRANULE - freed_bytes;
  stats->published += pool->published;
  stats->published_bytes += pool->published_bytes;
  stats->patched += pool->patched;
  stats->mappings += pool->slabs_num;
}

/* Add to STATS what POOL costs, whatever it holds.  */
static void add_cost (const struct mir_pool *pool, MIR_code_stats_t *stats) {
  stats->system_calls += pool->system_calls;
  stats->bookkeeping_bytes +=
      pool->bins.capacity * sizeof (struct mir_run_chunk)
      + pool->retired.capacity * sizeof (uint8_t *)
      + (pool->tags.capacity + pool->thunks.capacity) * sizeof (struct mir_tag);
  for (const struct mir_slab *slab = pool->slabs; slab != NULL; slab = slab->next) {
    stats->system_calls += slab->pages.system_calls;
    stats->bookkeeping_bytes += slab->memory_len + mir_frames_bytes (slab);
  }
}

/* Add the numbers of all pools of SPACE, which may be a part, to STATS; *BYTES gets the bytes in blocks.
   No lock is held.  */
static void add_pools (struct MIR_code_space *space, MIR_code_stats_t *stats, size_t *bytes) {
  for (struct mir_pool *pool = &space->first; pool != NULL; pool = mir_pool_next (pool)) {
    mir_os_lock (&pool->lock);
    if (space->access == MIR_CODE_READ_EXEC) add_code_stats (pool, stats);
    add_cost (pool, stats);
    *bytes += (size_t) mir_count (&pool->taken) << space->shift;
    mir_os_unlock (&pool->lock);
    if (pool != &space->first) stats->bookkeeping_bytes += sizeof (*pool);
  }
}

/* Add the numbers of the part of SPACE for ACCESS, if there is one.  *MAPPED gets the bytes that do not
   count in those of SPACE.  No lock is held.  */
static void add_part (struct MIR_code_space *space, MIR_code_access_t access,
                      MIR_code_stats_t *stats, size_t *bytes, size_t *mapped) {
  struct MIR_code_space *part = mir_part (space, access);
  if (part == NULL) return;
  add_pools (part, stats, bytes);
  mir_os_lock (&part->lock);
  *mapped += part->mapped_bytes;
  stats->bookkeeping_bytes += sizeof (*part) + mir_directory_bytes (&part->directory);
  mir_os_unlock (&part->lock);
}

/* Set *STATS, all 0, to the numbers of SPACE.  No lock is held.  */
static void collect_stats (struct MIR_code_space *space, MIR_code_stats_t *stats) {
  size_t code_bytes = 0, code_mapped = 0; /* both are counted elsewhere */
  stats->backend = space->backend->name;
  add_pools (space, stats, &code_bytes);
  add_part (space, MIR_CODE_READ_EXEC, stats, &code_bytes, &code_mapped);
  add_part (space, MIR_CODE_READ_ONLY, stats, &stats->constant_bytes, &stats->constant_mapped);
  add_part (space, MIR_CODE_READ_WRITE, stats, &stats->data_bytes, &stats->data_mapped);
  mir_os_lock (&space->lock);
  stats->mapped_bytes = space->mapped_bytes;
  stats->peak_mapped_bytes = space->peak_mapped_bytes;
  stats->bookkeeping_bytes += sizeof (*space) + mir_directory_bytes (&space->directory)
                              + mir_granules_size (space->range.units.count)
                              + mir_objects_bytes (&space->objects);
  stats->objects = space->objects.num;
  stats->pieces -= space->objects.retired_code;
  stats->freed += space->objects.retired_code;
  for (struct mir_cell_group *group = space->cells.groups; group != NULL; group = group->next)
    stats->bookkeeping_bytes += sizeof (*group);
  for (MIR_code_writer_t w = space->writers; w != NULL; w = mir_writer_next (w)) {
    stats->writers++;
    stats->bookkeeping_bytes += mir_writer_bytes (w);
  }
  mir_os_unlock (&space->lock);
}

MIR_code_status_t MIR_code_get_stats (MIR_code_space_t space, MIR_code_stats_t *stats) {
  MIR_code_stats_t all = {0};
  if (!mir_version_is_known (stats->size, MIR_STATS_FIRST, sizeof (*stats)))
    return MIR_CODE_BAD_OPTION;
  collect_stats (space, &all);
  mir_write_version (stats, &all);
  return MIR_CODE_OK;
}

/*---------------- Invariants -----------------------------*/

/* What check_slab counts.  */
struct counted {
  uint32_t blocks, taken;
};

/* Whether the blocks in SLAB are well-formed; adds them to *COUNTED.  */
static int check_slab (const struct mir_slab *slab, struct counted *counted) {
  const struct mir_granules *g = &slab->granules;
  uint32_t i = 0, len, top = 0;
  while (i < g->count) {
    if ((len = mir_granules_run_len (g, i)) == 0) {
      if (i >= g->top || mir_granules_block (g, i) != i) return 0;
      len = mir_granules_block_len (g, i);
      counted->blocks++;
      counted->taken += len;
      top = i + len;
    }
    i += len;
  }
  return i == g->count && top == g->top && slab->pages.len == mir_slab_offset (slab, g->count);
}

/* Whether BUMP is none, used up, or a whole free run.  */
static int check_bump (const struct mir_bump *bump) {
  return bump->slab == NULL || bump->start >= bump->bound
         || mir_granules_run_len (&bump->slab->granules, bump->start) == bump->bound - bump->start;
}

/* The granules of the freed block at ADDR; 0: there is none.  */
static uint32_t check_freed (struct mir_pool *pool, const uint8_t *addr) {
  struct mir_directory_find found;
  if (mir_directory_find (&pool->space->directory, (uintptr_t) addr, &found) != 0
      || found.pool != pool)
    return 0;
  const struct mir_granules *g = &found.slab->granules;
  uint32_t first = mir_slab_granule (found.slab, addr);
  if (!mir_granules_is_block (g, first)) return 0;
  uint32_t last = mir_granules_block_last (g, first);
  return mir_granules_is_pinned (g, last) ? last - first + 1 : 0;
}

/* Whether SLAB is in its pool's list of empty slabs.  */
static int is_in_empty_list (const struct mir_slab *slab) {
  const struct mir_slab *empty = slab->pool->empty_oldest;
  while (empty != NULL && empty != slab) empty = empty->later;
  return empty != NULL;
}

/* Whether the numbers of POOL agree with its slabs.  */
static int check_pool (struct mir_pool *pool) {
  struct counted counted = {0, 0};
  uint32_t slabs = 0, empty = 0, freed = 0;
  uint64_t total = 0;
  int valid = check_bump (&pool->bump) && pool->retired.num <= pool->blocks;
  for (const struct mir_slab *slab = pool->slabs; slab != NULL; slab = slab->next, slabs++) {
    valid &= check_slab (slab, &counted) && slab->pool == pool
             && (uintptr_t) slab->pages.rx % pool->space->page_size == 0
             && (slab->next == NULL
                 || (slab->next->previous == slab && slab->next->pages.rx > slab->pages.rx))
             && mir_slab_is_empty (slab) == is_in_empty_list (slab) && mir_frames_check (slab);
    empty += mir_slab_is_empty (slab) != 0;
    total += slab->granules.count;
  }
  for (uint32_t i = 0; i < pool->retired.num; i++)
    freed += check_freed (pool, mir_retired_at (&pool->retired, i));
  return valid && counted.blocks == pool->blocks && counted.taken == mir_count (&pool->taken)
         && total == mir_count (&pool->total) && slabs == pool->slabs_num
         && empty == pool->empty_num
         && (freed == pool->freed_granules || pool->space->owner != pool->space);
}

/* Whether the directory has promised an entry to each slab in transit, and to no other.  */
static int check_promises (struct MIR_code_space *space) {
  size_t num = 0;
  mir_os_lock (&space->lock);
  for (const struct mir_slab *slab = space->transit; slab != NULL; slab = slab->transit.next) num++;
  int valid = num == space->directory.promised;
  mir_os_unlock (&space->lock);
  return valid;
}

static int check_pools (struct MIR_code_space *space) {
  int valid = check_promises (space);
  for (struct mir_pool *pool = &space->first; pool != NULL; pool = mir_pool_next (pool)) {
    mir_os_lock (&pool->lock);
    valid &= check_pool (pool);
    mir_os_unlock (&pool->lock);
  }
  return valid;
}

int mir_space_check (struct MIR_code_space *space) {
  int valid = check_pools (space);
  for (int i = 0; i < MIR_PARTS; i++) {
    struct MIR_code_space *part = mir_part (space, (MIR_code_access_t) i);
    if (part != NULL) valid &= check_pools (part);
  }
  return valid;
}

void MIR_code_range (MIR_code_space_t space, uint8_t **start, size_t *len) {
  *start = space->range.len != 0 ? space->range.start : NULL;
  *len = space->range.len;
}
