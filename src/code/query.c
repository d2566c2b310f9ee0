/* Looking into a space: pieces by address, statistics, invariants.  */
#include <string.h> /* memset */

#include "code/space.h"

MIR_code_status_t MIR_code_query (MIR_code_space_t space, const void *addr,
                                  MIR_code_piece_t *piece) {
  struct mir_slab *slab = mir_space_lock_slab (space, addr);
  if (slab == NULL) return MIR_CODE_NOT_OURS;
  uint32_t first = mir_granules_piece (&slab->granules, mir_slab_granule (slab, addr));
  if (first != MIR_NO_GRANULE) {
    piece->start = mir_slab_address (slab, first);
    piece->size = (size_t) mir_granules_piece_len (&slab->granules, first) * MIR_GRANULE;
    struct mir_tag *tag = mir_tags_find (&slab->arena->tags, (uintptr_t) piece->start);
    piece->tag = tag != NULL ? tag->value : 0;
    piece->freed = mir_granules_is_held (&slab->granules, first);
  }
  mir_os_unlock (&slab->arena->lock);
  return first != MIR_NO_GRANULE ? MIR_CODE_OK : MIR_CODE_NOT_OURS;
}

/*---------------- Statistics -----------------------------*/

static size_t taken_bytes (const struct mir_slab *slab) {
  size_t bytes = slab->pages.len;
  for (uint32_t i = mir_granules_next_run (&slab->granules, 0); i != MIR_NO_GRANULE;) {
    uint32_t len = mir_granules_run_len (&slab->granules, i);
    bytes -= (size_t) len * MIR_GRANULE;
    i = mir_granules_next_run (&slab->granules, i + len);
  }
  return bytes;
}

/* The lock is held.  */
static void add_arena (const struct mir_arena *arena, MIR_code_stats_t *stats) {
  stats->pieces += arena->pieces - arena->retired.num;
  stats->freed += arena->retired.num;
  stats->freed_bytes += (size_t) arena->freed_granules * MIR_GRANULE;
  stats->published += arena->published;
  stats->published_bytes += arena->published_bytes;
  stats->patched += arena->patched;
  stats->system_calls += arena->system_calls;
  stats->bookkeeping_bytes +=
      arena->bins.capacity * sizeof (struct mir_run) + arena->retired.capacity * sizeof (uint8_t *)
      + (arena->tags.capacity + arena->thunks.capacity) * sizeof (struct mir_tag);
  for (const struct mir_slab *slab = arena->slabs; slab != NULL; slab = slab->next) {
    stats->mappings++;
    stats->piece_bytes += taken_bytes (slab);
    stats->system_calls += slab->pages.system_calls;
    stats->bookkeeping_bytes += sizeof (*slab) + mir_granules_size (slab->granules.count);
  }
}

void MIR_code_get_stats (MIR_code_space_t space, MIR_code_stats_t *stats) {
  memset (stats, 0, sizeof (*stats));
  stats->backend = space->backend->name;
  for (struct mir_arena *arena = &space->first; arena != NULL; arena = mir_arena_next (arena)) {
    mir_os_lock (&arena->lock);
    add_arena (arena, stats);
    mir_os_unlock (&arena->lock);
    if (arena != &space->first) stats->bookkeeping_bytes += sizeof (*arena);
  }
  stats->piece_bytes -= stats->freed_bytes;
  mir_os_lock (&space->lock);
  stats->mapped_bytes = space->mapped_bytes;
  stats->peak_mapped_bytes = space->peak_mapped_bytes;
  stats->bookkeeping_bytes += sizeof (*space) + mir_directory_bytes (&space->directory)
                              + mir_granules_size (space->region.units.count);
  for (struct mir_cell_block *block = space->cells.blocks; block != NULL; block = block->next)
    stats->bookkeeping_bytes += sizeof (*block);
  for (MIR_code_writer_t w = space->writers; w != NULL; w = mir_writer_next (w)) {
    stats->writers++;
    stats->bookkeeping_bytes += mir_writer_bytes (w);
  }
  mir_os_unlock (&space->lock);
}

/*---------------- Invariants -----------------------------*/

/* Whether the pieces in SLAB are whole; their number is added to *PIECES.  */
static int check_slab (const struct mir_slab *slab, uint32_t *pieces) {
  const struct mir_granules *g = &slab->granules;
  uint32_t i = 0, len;
  while (i < g->count) {
    if ((len = mir_granules_run_len (g, i)) == 0) {
      if (mir_granules_piece (g, i) != i) return 0;
      len = mir_granules_piece_len (g, i);
      ++*pieces;
    }
    i += len;
  }
  return i == g->count && slab->pages.len == (size_t) g->count * MIR_GRANULE;
}

static int check_window (const struct mir_window *window) {
  return window->slab == NULL || window->start >= window->bound
         || mir_granules_run_len (&window->slab->granules, window->start)
                == window->bound - window->start;
}

/* Granules of the freed piece at ADDR; 0: there is none.  The lock is held.  */
static uint32_t check_freed (struct mir_arena *arena, const uint8_t *addr) {
  struct mir_directory_find found;
  if (mir_directory_find (&arena->space->directory, (uintptr_t) addr, &found) != 0
      || found.arena != arena)
    return 0;
  const struct mir_granules *g = &found.slab->granules;
  uint32_t first = mir_slab_granule (found.slab, addr);
  return mir_granules_is_piece (g, first) && mir_granules_is_held (g, first)
             ? mir_granules_piece_len (g, first)
             : 0;
}

/* The lock is held.  */
static int check_arena (struct mir_arena *arena) {
  uint32_t pieces = 0, slabs = 0, empty = 0, freed = 0;
  int valid = check_window (&arena->window) && arena->retired.num <= arena->pieces;
  for (const struct mir_slab *slab = arena->slabs; slab != NULL; slab = slab->next, slabs++) {
    valid &= check_slab (slab, &pieces) && slab->arena == arena
             && (uintptr_t) slab->pages.rx % arena->space->page_size == 0
             && (slab->next == NULL || slab->next->previous == slab);
    empty += mir_slab_is_empty (slab) != 0;
  }
  for (uint32_t i = 0; i < arena->retired.num; i++)
    freed += check_freed (arena, mir_retired_at (&arena->retired, i));
  return valid && pieces == arena->pieces && slabs == arena->slabs_num && empty == arena->empty_num
         && freed == arena->freed_granules;
}

int mir_space_check (struct MIR_code_space *space) {
  int valid = 1;
  for (struct mir_arena *arena = &space->first; arena != NULL; arena = mir_arena_next (arena)) {
    mir_os_lock (&arena->lock);
    valid &= check_arena (arena);
    mir_os_unlock (&arena->lock);
  }
  return valid;
}
