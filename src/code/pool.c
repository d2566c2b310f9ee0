/* Arenas: what is taken and what is free in the slabs of one writer.  */
#include "code/space.h"

#include <string.h> /* memset */

enum {
  FIRST_SLAB_SIZE = 64 * 1024, /* bytes: what Windows maps at the least, and the largest page */
  MAX_SLAB_SIZE = 1024 * 1024, /* larger ones only for larger code */
  FIRST_CAPACITY = 64,         /* of each book */
  WINDOW = 16 * 1024 / MIR_GRANULE, /* granules which a run must have to become the window */
  COLOURED = 16                     /* multiples of so many granules get one more */
};

MIR_code_status_t mir_arena_init (struct mir_arena *arena, struct MIR_code_space *space) {
  memset (arena, 0, sizeof (*arena));
  arena->space = space;
  arena->slab_size = FIRST_SLAB_SIZE;
  mir_bins_init (&arena->bins);
  return mir_os_lock_init (&arena->lock) == 0 ? MIR_CODE_OK : MIR_CODE_NO_MEMORY;
}

void mir_arena_finish (struct mir_arena *arena) {
  struct MIR_code_space *space = arena->space;
  const MIR_code_hooks_t *hooks = space->hooks;
  struct mir_slab *next;
  for (struct mir_slab *slab = arena->slabs; slab != NULL; slab = next) {
    next = slab->next;
    if (hooks != NULL && hooks->unmapped != NULL)
      hooks->unmapped (hooks->user_data, slab->pages.rx, slab->pages.len);
    /* When the user's mem_unmap fails the range stays his: there is nobody left to tell.  */
    (void) slab->backend->unmap (&slab->pages);
    MIR_free (space->alloc, slab);
  }
  MIR_free (space->alloc, arena->bins.refs);
  MIR_free (space->alloc, arena->retired.ring);
  MIR_free (space->alloc, arena->tags.table);
  MIR_free (space->alloc, arena->thunks.table);
  mir_os_lock_destroy (&arena->lock);
}

uint32_t mir_granules_for (size_t len) {
  if (len > SIZE_MAX / 2 || len / MIR_GRANULE >= UINT32_MAX / 2) return 0;
  uint32_t n = (uint32_t) ((len + MIR_GRANULE - 1) / MIR_GRANULE);
  return n != 0 && n % COLOURED == 0 ? n + 1 : n;
}

/*---------------- Runs -----------------------------*/

static int is_window (const struct mir_arena *arena, const struct mir_slab *slab, uint32_t start) {
  const struct mir_window *window = &arena->window;
  return window->slab == slab && window->start == start && start < window->bound;
}

/* Forget all references and find the runs anew, as many as there is room for.  */
static void purge_bins (struct mir_arena *arena) {
  arena->runs = 0;
  mir_bins_clear (&arena->bins);
  for (struct mir_slab *slab = arena->slabs; slab != NULL; slab = slab->next) {
    if (slab->frozen) continue;
    for (uint32_t i = mir_granules_next_run (&slab->granules, 0); i != MIR_NO_GRANULE;) {
      uint32_t len = mir_granules_run_len (&slab->granules, i);
      if (!is_window (arena, slab, i)) (void) mir_bins_add (&arena->bins, slab, i, len);
      arena->runs++;
      i = mir_granules_next_run (&slab->granules, i + len);
    }
  }
  arena->crowded = arena->runs > arena->bins.capacity / 2;
}

/* A run came to be.  When there are too many for the bins it is not found before these have grown:
   so freeing needs no memory.  */
static void add_run (struct mir_arena *arena, struct mir_slab *slab, uint32_t start, uint32_t len) {
  if (slab->frozen) return;
  if (mir_bins_add (&arena->bins, slab, start, len) != 0 && !arena->crowded) purge_bins (arena);
}

static void leave_window (struct mir_arena *arena) {
  struct mir_window old = arena->window;
  arena->window.slab = NULL;
  if (old.slab != NULL && old.start < old.bound)
    add_run (arena, old.slab, old.start, old.bound - old.start);
}

static void enter_window (struct mir_arena *arena, struct mir_slab *slab, uint32_t start) {
  leave_window (arena);
  arena->window.slab = slab;
  arena->window.start = start;
  arena->window.bound = start + mir_granules_run_len (&slab->granules, start);
}

void mir_arena_offer (struct mir_arena *arena, struct mir_slab *slab) {
  enter_window (arena, slab, 0);
}

/*---------------- Books -----------------------------*/

/* One of the arena's books moves to MEMORY, of CAPACITY entries, if it is smaller.  The result is
   what is to be freed.  */
typedef void *(move_func_t) (struct mir_arena *arena, struct mir_tags *tags, void *memory,
                             uint32_t capacity);

static void *move_bins (struct mir_arena *arena, struct mir_tags *tags, void *memory,
                        uint32_t capacity) {
  (void) tags;
  if (arena->bins.capacity >= capacity) return memory;
  memory = mir_bins_move (&arena->bins, memory, capacity);
  if (arena->crowded) purge_bins (arena);
  return memory;
}

/* Half of what the bins should have room for: twice the runs, so that a purge always pays.  */
static uint32_t half_of_bins_needed (const struct mir_arena *arena) {
  uint32_t half = arena->bins.capacity;
  while (half != 0 && half < arena->runs) half *= 2;
  return half;
}

static void *move_retired (struct mir_arena *arena, struct mir_tags *tags, void *memory,
                           uint32_t capacity) {
  (void) tags;
  return arena->retired.capacity >= capacity ? memory
                                             : mir_retired_move (&arena->retired, memory, capacity);
}

static void *move_tags (struct mir_arena *arena, struct mir_tags *tags, void *memory,
                        uint32_t capacity) {
  (void) arena;
  return tags->capacity >= capacity ? memory : mir_tags_move (tags, memory, capacity);
}

/* Let a book, of CAPACITY entries of SIZE bytes now, have twice as many.  The lock is held, but
   open meanwhile, and after a failure no longer held.  */
static MIR_code_status_t grow (struct mir_arena *arena, struct mir_tags *tags, move_func_t *move,
                               uint32_t capacity, size_t size) {
  MIR_alloc_t alloc = arena->space->alloc;
  mir_os_unlock (&arena->lock);
  if (capacity > UINT32_MAX / 4) return MIR_CODE_NO_MEMORY;
  capacity = capacity == 0 ? FIRST_CAPACITY : 2 * capacity;
  if (capacity > SIZE_MAX / size) return MIR_CODE_NO_MEMORY;
  void *memory = MIR_malloc (alloc, capacity * size);
  if (memory == NULL) return MIR_CODE_NO_MEMORY;
  mir_os_lock (&arena->lock);
  memory = move (arena, tags, memory, capacity);
  mir_os_unlock (&arena->lock);
  MIR_free (alloc, memory);
  mir_os_lock (&arena->lock);
  return MIR_CODE_OK;
}

/* The lock is held, after a failure no longer.  */
static MIR_code_status_t provide (struct mir_arena *arena, struct mir_tags *tags) {
  MIR_code_status_t status = MIR_CODE_OK;
  while (status == MIR_CODE_OK) {
    if (arena->bins.capacity == 0 || arena->crowded)
      status = grow (arena, NULL, move_bins, half_of_bins_needed (arena), sizeof (struct mir_run));
    else if (arena->retired.capacity <= arena->pieces)
      status = grow (arena, NULL, move_retired, arena->retired.capacity, sizeof (uint8_t *));
    else if (tags != NULL && !mir_tags_have_room (tags))
      status = grow (arena, tags, move_tags, tags->capacity, sizeof (struct mir_tag));
    else
      break;
  }
  return status;
}

MIR_code_status_t mir_arena_provide (struct mir_arena *arena, struct mir_tags *tags) {
  mir_os_lock (&arena->lock);
  return provide (arena, tags);
}

/*---------------- Taking -----------------------------*/

static int find_room (struct mir_arena *arena, uint32_t n, struct mir_spot *spot) {
  struct mir_window *window = &arena->window;
  if (window->slab != NULL && window->bound - window->start >= n) {
    spot->slab = window->slab;
    spot->start = window->start;
    return 1;
  }
  if (mir_bins_find (&arena->bins, n > WINDOW ? n : WINDOW, &spot->slab, &spot->start) == 0) {
    enter_window (arena, spot->slab, spot->start);
    return 1;
  }
  return mir_bins_find (&arena->bins, n, &spot->slab, &spot->start) == 0;
}

/* If SLAB cannot be written again since it is sealed and was there before a fork: publish nothing
   in it any more.  Whether that is so.  */
static int freeze (struct mir_arena *arena, struct mir_slab *slab) {
  if (arena->space->options.protection != MIR_CODE_SEALED
      || slab->pages.generation == mir_generation ())
    return 0;
  slab->frozen = 1;
  if (arena->window.slab == slab) arena->window.slab = NULL;
  return 1;
}

MIR_code_status_t mir_arena_room (struct mir_arena *arena, uint32_t n, struct mir_tags *tags,
                                  struct mir_spot *spot) {
  spot->fresh = 0;
  mir_os_lock (&arena->lock);
  for (;;) {
    MIR_code_status_t status = provide (arena, tags);
    if (status != MIR_CODE_OK) return status;
    if (find_room (arena, n, spot)) {
      if (!freeze (arena, spot->slab)) return MIR_CODE_OK;
      continue;
    }
    size_t preferred = arena->slab_size;
    struct mir_slab *slab;
    mir_os_unlock (&arena->lock);
    status = mir_slab_make (arena, n, preferred, &slab);
    if (status == MIR_CODE_LIMIT && mir_arenas_drop_empty (arena->space) > 0)
      status = mir_slab_make (arena, n, preferred, &slab);
    if (status != MIR_CODE_OK) return status;
    mir_os_lock (&arena->lock);
    mir_slab_link (slab);
    mir_arena_offer (arena, slab);
    if (arena->slab_size < MAX_SLAB_SIZE) arena->slab_size *= 2;
    spot->fresh = 1;
  }
}

void mir_arena_take (struct mir_arena *arena, const struct mir_spot *spot, uint32_t n) {
  struct mir_granules *granules = &spot->slab->granules;
  if (mir_slab_is_empty (spot->slab)) arena->empty_num--;
  arena->pieces++;
  if (is_window (arena, spot->slab, spot->start)) {
    mir_granules_take (granules, spot->start, n);
    arena->window.start += n;
    return;
  }
  uint32_t len = mir_granules_run_len (granules, spot->start);
  mir_granules_take (granules, spot->start, n);
  if (len > n) add_run (arena, spot->slab, spot->start + n, len - n);
}

/*---------------- Giving back -----------------------------*/

/* The granules of the piece at FIRST join the runs around them.  */
static void free_granules (struct mir_arena *arena, struct mir_slab *slab, uint32_t first) {
  struct mir_window *window = &arena->window;
  uint32_t start, len = mir_granules_release (&slab->granules, first, &start);
  if (window->slab == slab && window->start < window->bound && start <= window->start
      && window->start < start + len) {
    window->start = start;
    window->bound = start + len;
  } else {
    add_run (arena, slab, start, len);
  }
  if (!mir_slab_is_empty (slab)) return;
  arena->empty_num++;
  slab->empty_since = mir_os_now ();
}

void mir_arena_release (struct mir_arena *arena, struct mir_slab *slab, uint32_t first) {
  arena->pieces--;
  free_granules (arena, slab, first);
}

void mir_arena_shrink (struct mir_arena *arena, struct mir_slab *slab, uint32_t first, uint32_t n) {
  if (mir_granules_piece_len (&slab->granules, first) == n) return;
  mir_granules_split (&slab->granules, first, n);
  free_granules (arena, slab, first + n);
}

void mir_arena_cut (struct mir_arena *arena, struct mir_slab *slab, uint32_t first, uint32_t n) {
  if (n == 0) return;
  mir_granules_split (&slab->granules, first, n);
  free_granules (arena, slab, first);
}

struct mir_slab *mir_arena_unlink_empty (struct mir_arena *arena, uint64_t older_than, int all) {
  struct mir_slab *list = NULL, *next;
  int kept = all;
  if (arena->empty_num < (all ? 1u : 2u)) return NULL;
  uint64_t now = mir_os_now ();
  for (struct mir_slab *slab = arena->slabs; slab != NULL; slab = next) {
    next = slab->next;
    if (!mir_slab_is_empty (slab)) continue;
    if (!kept || now - slab->empty_since < older_than) {
      kept = 1;
      continue;
    }
    if (arena->window.slab == slab) arena->window.slab = NULL;
    mir_slab_unlink (slab);
    slab->next = list;
    list = slab;
  }
  if (list != NULL) purge_bins (arena);
  return list;
}

struct mir_slab *mir_arena_unlink_slab (struct mir_arena *arena, struct mir_slab *slab) {
  if (!mir_slab_is_empty (slab)) return NULL;
  if (arena->window.slab == slab) arena->window.slab = NULL;
  mir_slab_unlink (slab);
  slab->next = NULL;
  purge_bins (arena);
  return slab;
}

/* Back into the lists: the system has refused to unmap it.  */
static void take_back (struct mir_arena *arena, struct mir_slab *slab) {
  mir_os_lock (&arena->lock);
  mir_slab_link (slab);
  mir_arena_offer (arena, slab);
  mir_os_unlock (&arena->lock);
}

size_t mir_slabs_drop (struct mir_slab *list) {
  size_t bytes = 0;
  while (list != NULL) {
    struct mir_slab *slab = list;
    struct mir_arena *arena = slab->arena;
    list = list->next;
    size_t len = mir_slab_unmap (slab);
    if (len == 0) take_back (arena, slab);
    bytes += len;
  }
  return bytes;
}

size_t mir_arenas_drop_empty (struct MIR_code_space *space) {
  size_t bytes = 0;
  for (struct mir_arena *arena = &space->first; arena != NULL; arena = mir_arena_next (arena)) {
    mir_os_lock (&arena->lock);
    struct mir_slab *dropped = mir_arena_unlink_empty (arena, 0, 1);
    mir_os_unlock (&arena->lock);
    bytes += mir_slabs_drop (dropped);
  }
  return bytes;
}
