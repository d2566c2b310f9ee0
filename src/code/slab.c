/* Slabs: mapped within the limits of a space, populated ahead, discarded and unmapped.  No lock is
   held when the static functions are called, except where they say so: mapping is slow.  */
#include "code/slab.h"

#include <string.h> /* memset */

#include "code/fork.h"
#include "code/probe.h"
#include "code/status.h"
#include "code/write.h"
#include "os/cancel.h"

enum {
  LARGE = 1024 * 1024,             /* bytes */
  POPULATED_PARTS = 8,             /* an eighth of a slab is populated ahead */
  MAX_POPULATED_STEP = 256 * 1024, /* bytes; larger steps gain nothing */
  LEAST_PART_STEP = 16 * 1024,     /* bytes, in parts */
  MAX_PART_STEP = 64 * 1024
};

/* SIZE rounded up to a MULTIPLE; to whole units of a range.  */
static size_t round_up (size_t size, size_t multiple) {
  return (size + multiple - 1) / multiple * multiple;
}

static size_t range_len (size_t size) {
  return round_up (size, MIR_RANGE_UNIT);
}

/* The size of a slab is a multiple of this; in a range Windows maps nothing smaller.  */
static size_t slab_unit (const struct MIR_code_space *space) {
  return space->owner->range.len != 0 ? MIR_RANGE_UNIT : space->page_size;
}

/* Whether a slab of SIZE bytes gets a huge page.  */
static int is_huge (const struct MIR_code_space *space, size_t size) {
  return space->huge && size == MIR_HUGE_PAGE;
}

/* The lock of the space is held, so that of its owner comes next.  */

static void lock_owner (const struct MIR_code_space *space) {
  if (space->owner != space) mir_os_lock (&space->owner->lock);
}

static void unlock_owner (const struct MIR_code_space *space) {
  if (space->owner != space) mir_os_unlock (&space->owner->lock);
}

/*---------------- Transit -----------------------------*/

/* SLAB, for which COUNTED bytes count as mapped, and as many at AT of the range unless that is NULL,
   is in transit.  The lock of the space is held.  */
static void enter_transit (struct mir_slab *slab, size_t counted, uint8_t *at,
                           enum mir_transit_state state) {
  struct MIR_code_space *space = slab->pool->space;
  slab->transit = (struct mir_transit) {.next = space->transit,
                                        .thread = mir_os_thread (),
                                        .counted = counted,
                                        .at = at,
                                        .len = counted,
                                        .state = state};
  if (space->transit != NULL) space->transit->transit.previous = slab;
  space->transit = slab;
}

static void leave_transit (struct mir_slab *slab) {
  struct mir_transit *transit = &slab->transit;
  if (transit->previous != NULL)
    transit->previous->transit.next = transit->next;
  else
    slab->pool->space->transit = transit->next;
  if (transit->next != NULL) transit->next->transit.previous = transit->previous;
}

/* No lock is held.  */
static void set_state (struct mir_slab *slab, enum mir_transit_state state) {
  mir_os_lock (&slab->pool->space->lock);
  slab->transit.state = state;
  mir_os_unlock (&slab->pool->space->lock);
}

/*---------------- Limits -----------------------------*/

/* Ensure the directory has room for one more entry; another thread may still take it first.  No
   lock is held.  */
static MIR_code_status_t widen_directory (struct MIR_code_space *space) {
  mir_os_lock (&space->lock);
  int has_room = mir_directory_has_room (&space->directory);
  size_t capacity = mir_directory_next_capacity (&space->directory);
  mir_os_unlock (&space->lock);
  if (has_room) return MIR_CODE_OK;
  void *memory = MIR_malloc (space->alloc, mir_directory_array_size (capacity));
  if (memory == NULL) return MIR_CODE_NO_MEMORY;
  mir_os_lock (&space->lock);
  memory = mir_directory_move (&space->directory, memory, capacity);
  mir_os_unlock (&space->lock);
  MIR_free (space->alloc, memory);
  return MIR_CODE_OK;
}

/* Reduce *SIZE, the desired bytes, to what the limits allow, NEEDED bytes at least, and claim that
   for SLAB.  Sets *AT to the place, or NULL for anywhere.  The locks of the space and of its owner are
   held.  */
static MIR_code_status_t claim (struct mir_slab *slab, size_t needed, size_t *size, uint8_t **at) {
  struct MIR_code_space *space = slab->pool->space, *account = mir_space_account (space);
  struct mir_range *range = &space->owner->range;
  size_t limit = space->options.max_bytes, left = limit - account->mapped_bytes;
  if (limit != 0 && *size > left) {
    *size = left / slab_unit (space) * slab_unit (space);
    if (*size < needed) return MIR_CODE_LIMIT;
  }
  *at = NULL;
  if (range->len != 0) {
    size_t alignment = is_huge (space, *size) ? MIR_HUGE_PAGE : MIR_RANGE_UNIT;
    *at = mir_range_take (range, range_len (*size), alignment);
    if (*at == NULL) {
      *size = needed;
      *at = mir_range_take (range, range_len (*size), MIR_RANGE_UNIT);
    }
    if (*at == NULL) return MIR_CODE_LIMIT;
  }
  space->directory.promised++;
  account->mapped_bytes += *size;
  enter_transit (slab, *size, *at, MIR_PARTLY_MAPPED);
  return MIR_CODE_OK;
}

/* Undo claim, at the end of SLAB's transit.  AT: the place, NULL if it is lost or was none.  */
static void unclaim (struct mir_slab *slab, const uint8_t *at) {
  struct MIR_code_space *space = slab->pool->space;
  mir_os_lock (&space->lock);
  lock_owner (space);
  leave_transit (slab);
  space->directory.promised--;
  mir_space_account (space)->mapped_bytes -= slab->transit.counted;
  if (at != NULL) mir_range_release (&space->owner->range, at);
  unlock_owner (space);
  mir_os_unlock (&space->lock);
}

/*---------------- Mapping -----------------------------*/

/* Hooks must return: cancellation is held off while they run.  */

void mir_slab_notify_mapped (struct mir_slab *slab) {
  const MIR_code_hooks_t *hooks = slab->pool->space->hooks;
  if (slab->in_place || hooks == NULL || hooks->mapped == NULL) return;
  int held = mir_os_hold_cancel ();
  hooks->mapped (hooks->user_data, slab->pages.rx, slab->pages.len);
  mir_os_let_cancel (held);
}

static void notify_unmapped (struct mir_slab *slab) {
  const MIR_code_hooks_t *hooks = slab->pool->space->hooks;
  if (slab->in_place || hooks == NULL || hooks->unmapped == NULL) return;
  int held = mir_os_hold_cancel ();
  hooks->unmapped (hooks->user_data, slab->pages.rx, slab->pages.len);
  mir_os_let_cancel (held);
}

/* The back end for slabs of LARGE bytes.  A slab gets that large only when there is much code
   already, and then is used up soon; a still larger one is for one reservation, of which little may
   be used.  NULL where the options ask for another kind of memory, and with hooks: perf reads the
   names of code in anonymous memory only (tools/perf/util/map.h, is_anon_memory); and in parts, where
   each kind of memory would have a slab that is filled with zeros.  */
static const struct mir_backend *large_backend (const struct MIR_code_space *space) {
  const MIR_code_options_t *options = &space->options;
  const struct mir_backend *large = space->backend->large;
  int allowed = large != NULL && space->owner == space
                && (options->backends == 0 || (options->backends & large->bit) != 0)
                && options->protection == MIR_CODE_OPEN_ALIAS && space->hooks == NULL;
  return allowed ? mir_backend_large (space->backend) : NULL;
}

/* Map the pages of SLAB: SIZE bytes at AT, or anywhere if that is NULL.  The generation is read
   first: if a fork happens meanwhile, the pages count as shared, and they may be.  */
static MIR_code_status_t map_slab (struct mir_slab *slab, size_t size, uint8_t *at) {
  struct MIR_code_space *space = slab->pool->space;
  int held =
      mir_os_hold_cancel (); /* back ends open and close files, and call the user's mem_map */
  const struct mir_backend *large = size == LARGE && !slab->in_place ? large_backend (space) : NULL;
  MIR_code_status_t status = MIR_CODE_MAP_REFUSED;
  slab->pages.level = space->options.protection;
  slab->pages.landing_pads = space->options.landing_pads;
  slab->pages.access = space->access;
  slab->pages.huge = !slab->in_place && is_huge (space, size);
  slab->pages.code_alloc = space->code_alloc;
  slab->pages.reserved = at != NULL; /* a back end that loses the addresses clears it */
  unsigned generation = mir_generation ();
  if (large != NULL) {
    slab->backend = large;
    status = large->map (&slab->pages, size, at);
    if (status == MIR_CODE_OK) mir_slab_set_backed (slab, 0, size, 1);
  }
  if (status != MIR_CODE_OK && (at != NULL) == (slab->pages.reserved != 0)) {
    slab->backend = slab->in_place ? &mir_backend_data : space->backend;
    status = slab->backend->map (&slab->pages, size, at);
  }
  if (status == MIR_CODE_OK && slab->pages.huge && slab->backend->collapse (&slab->pages) == 0)
    mir_slab_set_backed (slab, 0, size, 1);
  slab->pages.generation = generation;
  if (status != MIR_CODE_OK) {
    status = mir_status_of_refusal (status, 2 * size);        /* for a dual mapping */
    if (!mir_status_is_limit (status)) mir_backend_forget (); /* what was known is no longer so */
  }
  mir_os_let_cancel (held);
  return status;
}

/* Allocate a slab without pages, with bitmaps for SIZE bytes behind it.  Large ones lie at different
   distances from the start of their memory: structures a power of two from each other would compete
   for the same cache lines.  */
static struct mir_slab *new_slab (struct mir_pool *pool, size_t size, int in_place) {
  enum { LINE = 64, COLOURS = 32, COLOUR = LINE };
  struct MIR_code_space *space = pool->space;
  size_t gap = size < LARGE ? 0 : atomic_load (&space->directory.num) % COLOURS * COLOUR;
  size_t granules_size = mir_granules_size (size >> space->shift);
  size_t len = LINE + gap + sizeof (struct mir_slab) + granules_size + mir_backed_size (size);
  uint8_t *memory = (uint8_t *) MIR_malloc (space->alloc, len);
  if (memory == NULL) return NULL;
  gap += (size_t) (0 - (uintptr_t) memory) % LINE;
  struct mir_slab *slab = (struct mir_slab *) (void *) (memory + gap);
  slab->memory = memory;
  slab->memory_len = len;
  slab->granules.words = (struct mir_granule_word *) (void *) (slab + 1);
  slab->backed = (uint64_t *) (void *) ((uint8_t *) (slab + 1) + granules_size);
  memset (slab->backed, 0, mir_backed_size (size));
  slab->pool = pool;
  slab->frozen = slab->all_backed = slab->has_frames = 0;
  slab->frames = NULL;
  slab->shift = space->shift;
  slab->in_place = in_place != 0;
  return slab;
}

void mir_slab_free (struct mir_slab *slab) {
  if (slab->has_frames) mir_frames_free (slab);
  MIR_free (slab->pool->space->alloc, slab->memory);
}

/*---------------- Ranges from outside -----------------------------*/

/* What a MIR_code_alloc returns may be no range at all, or one that it has returned before.  */

int mir_slab_overlaps (const struct mir_slab *slab) {
  struct MIR_code_space *space = slab->pool->space;
  mir_os_lock (&space->lock);
  int overlaps =
      mir_directory_overlaps (&space->directory, (uintptr_t) slab->pages.rx, slab->pages.len);
  mir_os_unlock (&space->lock);
  return overlaps;
}

/* Whether PAGES can be pages of a program: they begin at one, and the address behind them is not 0,
   nor in the upper half of 64 bits, which belongs to systems.  */
static int are_pages (const struct mir_pages *pages, size_t page_size) {
  const uintptr_t start = (uintptr_t) pages->rx;
  const uintptr_t bound = sizeof (void *) == 8 ? (uintptr_t) INTPTR_MAX : UINTPTR_MAX;
  return start % page_size == 0 && start <= bound && pages->len <= bound - start;
}

/* Check the pages of SLAB.  On failure they are given back, since mem_map says that they are ours;
   but not what is in another slab as well.  */
static MIR_code_status_t check_pages (struct mir_slab *slab) {
  int overlaps = mir_slab_overlaps (slab);
  if (!overlaps && are_pages (&slab->pages, slab->pool->space->page_size)) return MIR_CODE_OK;
  int held = mir_os_hold_cancel (); /* the user's mem_unmap */
  if (!overlaps) (void) slab->backend->unmap (&slab->pages);
  mir_os_let_cancel (held);
  return MIR_CODE_MAP_REFUSED;
}

void mir_slab_forget (struct mir_slab *slab) {
  unclaim (slab, slab->pages.reserved ? slab->pages.rx : NULL);
  mir_slab_free (slab);
}

/*---------------- Making -----------------------------*/

/* Map a slab of SIZE bytes, or of fewer, NEEDED at least, if a limit prevents that.  */
static MIR_code_status_t make_slab (struct mir_pool *pool, size_t needed, size_t size, int in_place,
                                    struct mir_slab **res) {
  struct MIR_code_space *space = pool->space;
  size_t wanted = size;
  uint8_t *at = NULL;
  MIR_code_status_t status;
  struct mir_slab *slab;
  for (;;) {
    if ((status = widen_directory (space)) != MIR_CODE_OK) return status;
    if ((slab = new_slab (pool, wanted, in_place)) == NULL) return MIR_CODE_NO_MEMORY;
    mir_os_lock (&space->lock);
    int has_room = mir_directory_has_room (&space->directory);
    lock_owner (space);
    if (has_room) status = claim (slab, needed, &size, &at);
    unlock_owner (space);
    mir_os_unlock (&space->lock);
    if (has_room) break;
    mir_slab_free (slab); /* another thread took the entry first */
  }
  if (status == MIR_CODE_OK && (status = map_slab (slab, size, at)) != MIR_CODE_OK)
    unclaim (slab, slab->pages.reserved ? at : NULL);
  if (status != MIR_CODE_OK) {
    mir_slab_free (slab);
    return status;
  }
  if ((status = check_pages (slab)) != MIR_CODE_OK) {
    mir_slab_forget (slab);
    return status;
  }
  mir_granules_init (&slab->granules, slab->granules.words, size >> slab->shift);
  set_state (slab, MIR_MAPPED);
  mir_slab_notify_mapped (slab);
  *res = slab;
  return MIR_CODE_OK;
}

/* When the system refuses the preferred size, try the needed one.  */
MIR_code_status_t mir_slab_make (struct mir_pool *pool, uint32_t n, size_t preferred,
                                 struct mir_slab **slab) {
  size_t needed = round_up ((size_t) n << pool->space->shift, slab_unit (pool->space));
  size_t size = preferred > needed ? preferred : needed;
  MIR_code_status_t status = make_slab (pool, needed, size, 0, slab);
  if ((status == MIR_CODE_MAP_REFUSED || mir_status_is_limit (status)) && size > needed)
    status = make_slab (pool, needed, needed, 0, slab);
  return status;
}

MIR_code_status_t mir_slab_make_in_place (struct mir_pool *pool, uint32_t n,
                                          struct mir_slab **slab) {
  size_t size = round_up ((size_t) n << pool->space->shift, slab_unit (pool->space));
  return make_slab (pool, size, size, 1, slab);
}

void mir_slab_enter_empty (struct mir_slab *slab) {
  struct mir_pool *pool = slab->pool;
  slab->empty_since = mir_os_now ();
  slab->later = NULL;
  slab->earlier = pool->empty_newest;
  if (slab->earlier != NULL)
    slab->earlier->later = slab;
  else
    pool->empty_oldest = slab;
  pool->empty_newest = slab;
  pool->empty_num++;
}

void mir_slab_leave_empty (struct mir_slab *slab) {
  struct mir_pool *pool = slab->pool;
  if (slab->earlier != NULL)
    slab->earlier->later = slab->later;
  else
    pool->empty_oldest = slab->later;
  if (slab->later != NULL)
    slab->later->earlier = slab->earlier;
  else
    pool->empty_newest = slab->earlier;
  pool->empty_num--;
}

void mir_slab_link (struct mir_slab *slab) {
  struct mir_pool *pool = slab->pool;
  struct mir_slab *before = NULL, *behind = pool->slabs;
  for (; behind != NULL && behind->pages.rx < slab->pages.rx; behind = behind->next)
    before = behind;
  slab->previous = before;
  slab->next = behind;
  if (before != NULL)
    before->next = slab;
  else
    pool->slabs = slab;
  if (behind != NULL) behind->previous = slab;
  pool->slabs_num++;
  pool->left_open |= slab->pages.left_open; /* one that could not be unmapped comes back */
  mir_count_add (&pool->total, slab->granules.count);
  mir_slab_enter_empty (slab);
  struct MIR_code_space *space = pool->space, *account = mir_space_account (space);
  mir_os_lock (&space->lock);
  lock_owner (space);
  leave_transit (slab);
  space->directory.promised--;
  if (account->peak_mapped_bytes < account->mapped_bytes)
    account->peak_mapped_bytes = account->mapped_bytes;
  mir_directory_add (&space->directory, slab);
  unlock_owner (space);
  mir_os_unlock (&space->lock);
}

void mir_slab_unlink (struct mir_slab *slab) {
  struct mir_pool *pool = slab->pool;
  if (slab->has_frames) mir_frames_close (slab);
  if (slab->previous != NULL)
    slab->previous->next = slab->next;
  else
    pool->slabs = slab->next;
  if (slab->next != NULL) slab->next->previous = slab->previous;
  pool->slabs_num--;
  mir_count_subtract (&pool->total, slab->granules.count);
  mir_slab_leave_empty (slab);
  mir_os_lock (&pool->space->lock);
  mir_directory_remove (&pool->space->directory, slab);
  pool->space->directory.promised++; /* to add the slab again if it cannot be unmapped */
  enter_transit (slab, slab->pages.len, slab->pages.reserved ? slab->pages.rx : NULL, MIR_MAPPED);
  mir_os_unlock (&pool->space->lock);
}

/* mir_slab_unmap, with cancellation held off.  */
static size_t unmap_slab (struct mir_slab *slab) {
  struct mir_pool *pool = slab->pool;
  size_t len = slab->pages.len;
  if (slab->transit.state != MIR_MAPPED_NO_MORE) {
    set_state (slab, MIR_MAPPED_NO_MORE);
    notify_unmapped (slab);
  }
  set_state (slab, MIR_PARTLY_MAPPED);
  if (slab->backend->unmap (&slab->pages) != 0) {
    set_state (slab, MIR_MAPPED);
    mir_slab_notify_mapped (slab);
    return 0;
  }
  mir_os_lock (&pool->lock);
  pool->system_calls += slab->pages.system_calls;
  mir_os_unlock (&pool->lock);
  unclaim (slab, slab->pages.reserved ? slab->pages.rx : NULL);
  mir_slab_free (slab);
  return len;
}

/* The caller may have more slabs to unmap, so not even the general allocator may be cancelled.  */
size_t mir_slab_unmap (struct mir_slab *slab) {
  int held = mir_os_hold_cancel ();
  size_t len = unmap_slab (slab);
  mir_os_let_cancel (held);
  return len;
}

/*---------------- Orphans -----------------------------*/

/* An orphan, which is this thread's from now on; NULL: there is none.  */
static struct mir_slab *take_orphan (struct MIR_code_space *space) {
  mir_os_lock (&space->lock);
  struct mir_slab *slab = space->transit;
  while (slab != NULL && slab->transit.thread != 0) slab = slab->transit.next;
  if (slab != NULL) slab->transit.thread = mir_os_thread ();
  mir_os_unlock (&space->lock);
  return slab;
}

/* End the transit of SLAB, of which nobody knows what is mapped.  In a range that does not matter:
   the whole place is made inaccessible again.  Elsewhere it stays: another thread may have got its
   addresses already.  */
static void drop_remains (struct mir_slab *slab) {
  struct MIR_code_space *space = slab->pool->space;
  uint8_t *at = slab->transit.at;
  if (at != NULL) {
    mir_pages_init (&slab->pages, slab->transit.len, at);
    slab->pages.rx = at;
    slab->pages.level = space->options.protection;
    slab->pages.access = space->access;
    if (space->backend->unmap (&slab->pages) != 0 || !slab->pages.reserved) at = NULL;
  }
  unclaim (slab, at);
  mir_slab_free (slab);
}

struct mir_slab *mir_slab_adopt (struct MIR_code_space *space) {
  struct mir_slab *slab;
  while ((slab = take_orphan (space)) != NULL && slab->transit.state == MIR_PARTLY_MAPPED)
    drop_remains (slab);
  return slab;
}

/*---------------- Memory -----------------------------*/

/* Give memory to [START, BOUND) of SLAB, whole pages; up to LEAST, if there is less.  */
static MIR_code_status_t populate_pages (struct mir_slab *slab, size_t start, size_t least,
                                         size_t bound) {
  const struct mir_backend *backend = slab->backend;
  if (backend->populate != NULL) {
    uint8_t *rx = slab->pages.rx + start;
    MIR_code_status_t status = backend->populate (&slab->pages, rx, bound - start);
    if (status != MIR_CODE_OK && least < bound) {
      bound = least;
      status = backend->populate (&slab->pages, rx, bound - start);
    }
    if (status != MIR_CODE_OK) return status;
  }
  mir_slab_set_backed (slab, start, bound, 1);
  return MIR_CODE_OK;
}

/* Bytes of SLAB that get memory together.  A space with parts has up to three slabs at a time that are
   being filled.  */
static size_t populated_step (const struct mir_slab *slab) {
  const struct MIR_code_space *space = slab->pool->space;
  size_t step = slab->pages.len / POPULATED_PARTS;
  if (space->owner == space) return step < MAX_POPULATED_STEP ? step : MAX_POPULATED_STEP;
  return step < LEAST_PART_STEP ? LEAST_PART_STEP : step > MAX_PART_STEP ? MAX_PART_STEP : step;
}

/* Memory of this process alone comes first: make_private gives none to the pages behind the code,
   and BACKED says so afterwards.  No fork happens while the lock is held.  */
MIR_code_status_t mir_slab_populate_ahead (struct mir_slab *slab, uint32_t first, uint32_t bound) {
  size_t page = slab->pool->space->page_size, len = slab->pages.len;
  size_t written = mir_slab_offset (slab, bound);
  if (written > len) written = len;
  int held = mir_os_hold_cancel ();
  MIR_code_status_t status = mir_write_privatise (slab);
  size_t at = mir_slab_offset (slab, first) & ~(size_t) (MIR_BACKED_UNIT - 1);
  at = mir_backed_next (slab->backed, at, written, 0);
  size_t step = slab->backend->populate != NULL ? populated_step (slab) : 0;
  for (; at < written && status == MIR_CODE_OK;
       at = mir_backed_next (slab->backed, at, written, 0)) {
    size_t start = at & ~(page - 1);
    size_t ahead = round_up (start + step > written ? start + step : written, page);
    size_t end = mir_backed_next (slab->backed, start, ahead < len ? ahead : len, 1);
    size_t least = round_up (written, page) < end ? round_up (written, page) : end;
    status = populate_pages (slab, start, least, end);
  }
  if (status != MIR_CODE_OK) status = mir_status_of_refusal (status, 2 * len);
  slab->pool->left_open |= slab->pages.left_open;
  mir_os_let_cancel (held);
  return status;
}

/* Discard the pages of [START, BOUND) which have memory.  Returns the bytes.  */
static size_t discard_pages (struct mir_slab *slab, size_t start, size_t bound) {
  size_t bytes = 0, end;
  while ((start = mir_backed_next (slab->backed, start, bound, 1)) < bound) {
    end = mir_backed_next (slab->backed, start, bound, 0);
    bytes += slab->backend->discard (&slab->pages, slab->pages.rx + start, end - start);
    mir_slab_set_backed (slab, start, end, 0);
    start = end;
  }
  return bytes;
}

size_t mir_slab_discard (struct mir_slab *slab) {
  size_t page = slab->pool->space->page_size, bytes = 0;
  for (uint32_t i = mir_granules_next_run (&slab->granules, 0); i != MIR_NO_GRANULE;) {
    uint32_t len = mir_granules_run_len (&slab->granules, i);
    size_t start = round_up (mir_slab_offset (slab, i), page);
    size_t bound = mir_slab_offset (slab, i + len) / page * page;
    if (start < bound) bytes += discard_pages (slab, start, bound);
    i = mir_granules_next_run (&slab->granules, i + len);
  }
  slab->pool->left_open |= slab->pages.left_open;
  return bytes;
}
