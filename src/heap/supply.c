/* The memory of the default heap, on systems that tell what a page costs.  Any thread.

   mimalloc on its own maps a gigabyte readable and writable.  What it would use of that is little, but
   mlockall(2) locks all of it, core files and RLIMIT_DATA count it, strict overcommit charges it.  And
   it keeps what is free until a clock says otherwise, which it reads only now and then.  So it gets
   ranges of this file's instead: address space without access, of which a step at a time becomes
   accessible.  mimalloc asks for slices and returns them through a function (mi_manage_memory of
   mimalloc.h); with its own delay set to 0 it returns them as soon as they are free, and this file
   keeps their memory up to a limit.

     range    [ struct range, its bitmaps | slice | slice | ...           ]
                                          | step, 2 MiB    | step | no access yet ...

   A fork finds the lock in any state and the counts half changed.  The child begins with a free lock
   and counts anew: what another thread was doing was with memory that nobody has yet.  */
#define _GNU_SOURCE /* secure_getenv */
#include "heap/supply.h"

#include <mimalloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "heap/huge-pages.h"
#include "heap/slices.h"
#include "os/os.h"
#include "os/pages.h"

enum {
  KEPT_LIMIT = 64 * 1024 * 1024, /* bytes of free memory that are always allowed to stay */
  SPARE = 4 * 1024 * 1024,       /* so many more go at once: not one system call for each slice */
  BATCH = 8 * 1024 * 1024,       /* bytes given back with the lock held */
  REFUSALS = 64,                 /* then the rest is taken for locked too, until the next time */
  /* A heap of so many bytes soon fills the pages that it takes, if they are no larger than this: their
     memory is taken with one system call instead of one fault for each page.  */
  FILLS_FROM = 16 * 1024 * 1024,
  FILLED = 512 * 1024
};

/* Bytes.  Each range is twice as large as the one before: reserved addresses count for RLIMIT_AS and for
   the limit of locked memory, and what mimalloc has to describe a range counts for each heap.  A block
   of at most RANGE_UNIT lies between two of its multiples (mimalloc's MI_ARENA_MIN_SIZE).  */
static const uint64_t RANGE_UNIT = (uint64_t) 32 << 20, LAST_RANGE = (uint64_t) 16 << 30;

struct range {
  struct range *older;
  char *start;   /* of the first slice; a multiple of MIR_STEP */
  size_t opened; /* bytes that can be accessed: how full the range is */
  struct mir_slices slices;
};

static mir_os_lock_t supply_lock = MIR_OS_LOCK_INITIALIZER; /* guards all of these: */
static struct range *supply_ranges;                         /* the newest and largest first */
static size_t taken, kept;                                  /* bytes, of all ranges */
static size_t refused; /* what was kept when the system took nothing back; 0: it does */
static int is_growing; /* a thread adds a range */
static size_t grow_at; /* a range was refused: the next is tried with so many bytes taken */
static struct mir_huge_pages huge_pages;

/*---------------- Giving memory back -----------------------------*/

/* Give RUN, kept slices of RANGE, back.  0, or -1 if the system refuses.  The caller holds the lock.
   The memory goes first: if the process forks in between, the child counts too much, but takes nothing
   for zero that is not.  */
static int drop_run (struct range *range, struct mir_slice_run run) {
  size_t len = run.num * MIR_SLICE;
  if (mir_os_discard (range->start + run.first * MIR_SLICE, len) != 0) return -1;
  mir_slices_drop (&range->slices, run);
  kept -= len;
  return 0;
}

/* Where a search for slices to give back goes on: below BOUND, with at most MOST of them at once.  */
struct dropping {
  size_t bound, most;
  size_t skipped; /* slices to pass over after the next refused one */
};

/* The system has refused RUN, a part of which is locked in memory: try the half of it, and when that is
   one slice, pass over ever more of them.  */
static void pass_refused (struct dropping *search, struct mir_slice_run run, int whole) {
  if (!whole && run.num > 1) {
    search->most = run.num / 2;
    return;
  }
  search->bound = run.first;
  if (whole) return; /* its parts may be given back later */
  search->bound -= run.first < search->skipped - 1 ? run.first : search->skipped - 1;
  search->skipped *= 2;
}

/* Give about LEN bytes of RANGE back, the last ones first, in whole steps if WHOLE is set.  Returns how
   many these were.  *TRIES: so many refusals are allowed.  The caller holds the lock.  */
static size_t drop_in_range (struct range *range, size_t len, int whole, int *tries) {
  const struct dropping start = {range->slices.num, SIZE_MAX, 1};
  struct dropping search = start;
  size_t res = 0;
  while (res < len && *tries > 0 && (!whole || len - res >= 2 * MIR_STEP)) {
    size_t max = len - res < MIR_SLICE ? 1 : (len - res) / MIR_SLICE;
    if (search.most < max) max = search.most;
    struct mir_slice_run run = mir_slices_find_kept (&range->slices, search.bound, max, whole);
    if (run.num == 0) break;
    if (drop_run (range, run) == 0) {
      res += run.num * MIR_SLICE;
      search = start;
      search.bound = run.first;
    } else {
      --*tries;
      pass_refused (&search, run, whole);
    }
  }
  return res;
}

/* Give about LEN bytes back, of the newest range first: whole steps if there are any, since a part of
   one splits its huge page.  Returns how many these were.  The caller holds the lock.  */
static size_t drop (size_t len) {
  size_t res = 0;
  int tries = REFUSALS;
  for (int whole = 1; whole >= 0; whole--)
    for (struct range *range = supply_ranges; range != NULL && res < len; range = range->older)
      res += drop_in_range (range, len - res, whole, &tries);
  refused = res == 0 && tries < REFUSALS ? kept : 0;
  return res;
}

size_t mir_supply_trim (size_t keep) {
  size_t res = 0, dropped;
  mir_os_lock (&supply_lock);
  int is_enough = keep != 0 && kept <= keep;
  mir_os_unlock (&supply_lock);
  if (is_enough) return 0;
  mi_collect (true); /* returns the pages that are empty, but not returned yet */
  do {
    mir_os_lock (&supply_lock);
    size_t surplus = kept > keep ? kept - keep : 0;
    dropped = surplus == 0 ? 0 : drop (surplus < BATCH ? surplus : BATCH);
    mir_os_unlock (&supply_lock);
    res += dropped;
  } while (dropped != 0);
  return res;
}

/*---------------- What mimalloc asks -----------------------------*/

/* The slices that have a byte of [START, START + SIZE).  */
static struct mir_slice_run run_of (const struct range *range, const void *start, size_t size) {
  size_t offset = (size_t) ((const char *) start - range->start);
  size_t first = offset / MIR_SLICE;
  return (struct mir_slice_run) {first, (offset + size + MIR_SLICE - 1) / MIR_SLICE - first};
}

/* The slices of RANGE that have no byte outside [START, START + SIZE); possibly none.  */
static struct mir_slice_run run_within (const struct range *range, const void *start, size_t size) {
  size_t offset = (size_t) ((const char *) start - range->start);
  size_t first = (offset + MIR_SLICE - 1) / MIR_SLICE, bound = (offset + size) / MIR_SLICE;
  return (struct mir_slice_run) {first, first < bound ? bound - first : 0};
}

/* Make RUN accessible.  0, or -1 if the system refuses.  The caller holds the lock.  */
static int open_run (struct range *range, struct mir_slice_run run) {
  if (mir_os_commit_data (range->start + run.first * MIR_SLICE, run.num * MIR_SLICE) != 0)
    return -1;
  range->opened += mir_slices_open (&range->slices, run) * MIR_SLICE;
  return 0;
}

/* What a request for slices finds.  */
struct request {
  struct mir_slice_run run;
  struct mir_slice_run opened; /* steps that it made accessible; 0 slices: none */
  int is_fresh;                /* no slice of it has memory */
  int want_huge;               /* pages for OPENED */
  int fills;                   /* its memory is to be taken at once */
  size_t used;                 /* bytes that the heap has then */
};

/* Take the slices of REQUEST out of RANGE, opening steps; where a whole step is refused, only these
   slices.  0, or -1 with everything as before.  */
static int take_slices (struct range *range, struct request *request) {
  int res = 0;
  mir_os_lock (&supply_lock);
  request->opened = mir_slices_steps_to_open (&range->slices, request->run);
  if (request->opened.num != 0 && open_run (range, request->opened) != 0) {
    request->opened.num = 0;
    res = open_run (range, request->run);
  }
  if (res == 0) {
    size_t were_taken = mir_slices_taken_num (&range->slices, request->run);
    size_t were_kept = mir_slices_take (&range->slices, request->run);
    kept -= were_kept * MIR_SLICE;
    taken += (request->run.num - were_taken) * MIR_SLICE;
    request->is_fresh = were_kept + were_taken == 0;
    request->used = taken;
    request->want_huge = request->opened.num != 0 && mir_huge_pages_are_wanted (&huge_pages, taken);
    if (request->want_huge) mir_slices_set_huge (&range->slices, request->opened);
    request->fills = request->is_fresh && taken >= FILLS_FROM
                     && request->run.num <= FILLED / MIR_SLICE
                     && !mir_slices_are_huge (&range->slices, request->run);
  }
  mir_os_unlock (&supply_lock);
  return res;
}

/* Ask for small pages wherever there are none yet: what is huge stays.  The caller holds the lock.  */
static void want_small (void) {
  for (struct range *range = supply_ranges; range != NULL; range = range->older)
    mir_os_want_huge (range->start, range->slices.num * MIR_SLICE, 0);
}

/* Get a huge page for the first of the steps that REQUEST has opened, and note what it costs.  */
static void try_huge (struct range *range, const struct request *request) {
  char *step = range->start + request->opened.first * MIR_SLICE;
  mir_os_want_huge (step, request->opened.num * MIR_SLICE, 1);
  uint64_t before = mir_os_cpu_nanoseconds ();
  if (mir_os_populate (step, mir_os_page_size ()) != 0) return;
  uint64_t cost = mir_os_cpu_nanoseconds () - before;
  int is_huge = mir_os_has_memory (step, MIR_STEP);
  mir_os_lock (&supply_lock);
  mir_huge_pages_note_huge (&huge_pages, request->used, cost, is_huge);
  if (!mir_huge_pages_are_wanted (&huge_pages, request->used)) want_small ();
  mir_os_unlock (&supply_lock);
}

/* Take the memory of REQUEST in small pages, and note what it costs.  */
static void fill (struct range *range, const struct request *request) {
  char *start = range->start + request->run.first * MIR_SLICE;
  uint64_t before = mir_os_cpu_nanoseconds ();
  if (mir_os_populate (start, request->run.num * MIR_SLICE) != 0) return;
  uint64_t cost = mir_os_cpu_nanoseconds () - before;
  mir_os_lock (&supply_lock);
  mir_huge_pages_note_small (&huge_pages, request->run.num * MIR_SLICE, cost);
  mir_os_unlock (&supply_lock);
}

static void add_range (uint64_t room);

/* Whether the newest range is half full, and this thread is to add the next.  */
static int claim_growth (struct range *range) {
  mir_os_lock (&supply_lock);
  int res = range == supply_ranges && !is_growing && taken >= grow_at
            && range->opened >= range->slices.num / 2 * MIR_SLICE;
  if (res) is_growing = 1;
  mir_os_unlock (&supply_lock);
  return res;
}

static bool give (struct range *range, void *start, size_t size, bool *is_zero) {
  struct request request = {.run = run_of (range, start, size)};
  if (take_slices (range, &request) != 0) return false;
  if (is_zero != NULL) *is_zero = request.is_fresh;
  if (request.want_huge)
    try_huge (range, &request);
  else if (request.fills)
    fill (range, &request);
  if (request.opened.num != 0 && claim_growth (range)) add_range (0);
  return true;
}

/* What was moved away from RUN, which is kept now, may have memory again: mimalloc links a free block
   through its first bytes, and where blocks share slices it may have used it again.  The caller holds
   the lock.  */
static void drop_empty (struct range *range, struct mir_slice_run run) {
  struct mir_slice_run empty;
  while ((empty = mir_slices_next_empty (&range->slices, run)).num != 0)
    (void) drop_run (range, empty); /* refused: it is kept */
}

/* More than KEPT_LIMIT of free memory stays only while it is not more than half of all.  */
static void return_slices (struct range *range, void *start, size_t size) {
  mir_os_lock (&supply_lock);
  struct mir_slice_run run = run_within (range, start, size);
  taken -= mir_slices_taken_num (&range->slices, run) * MIR_SLICE;
  kept += mir_slices_return (&range->slices, run) * MIR_SLICE;
  drop_empty (range, run);
  size_t line = taken > KEPT_LIMIT ? taken : KEPT_LIMIT;
  if (refused != 0 && line < refused + KEPT_LIMIT) line = refused + KEPT_LIMIT;
  if (kept > line) drop (kept - line + SPARE);
  mir_os_unlock (&supply_lock);
}

void mir_supply_emptied (const void *start, size_t len) {
  mir_os_lock (&supply_lock);
  for (struct range *range = supply_ranges; range != NULL; range = range->older) {
    size_t offset = (size_t) ((uintptr_t) start - (uintptr_t) range->start);
    if (offset >= range->slices.num * MIR_SLICE) continue;
    mir_slices_set_empty (&range->slices, run_within (range, start, len));
  }
  mir_os_unlock (&supply_lock);
}

/* mimalloc's mi_commit_fun_t: make [START, START + SIZE) accessible, or take it back.  So far mimalloc
   asks for whole slices that it does not have, and returns what it asked for; but nothing says so.
   So a piece of a slice, what mimalloc has already, and what it returns without having asked for it
   are right, too; but what it uses without asking would be given back under its feet.  */
static bool mi_cdecl supply (bool commit, void *start, size_t size, bool *is_zero, void *arg) {
  struct range *range = (struct range *) arg;
  if (commit) return give (range, start, size, is_zero);
  return_slices (range, start, size);
  return true; /* it must be asked for again */
}

/*---------------- Ranges -----------------------------*/

/* The bytes of what describes NUM slices, whole pages.  */
static size_t header_len (size_t num) {
  size_t page = mir_os_page_size ();
  size_t len = sizeof (struct range) + 5 * mir_slices_words (num) * sizeof (uint64_t);
  return (len + page - 1) / page * page;
}

/* Reserve LEN bytes of slices and what describes them; NULL: refused.  The caller owns the range.  */
static struct range *make_range (size_t len) {
  size_t num = len / MIR_SLICE, words = mir_slices_words (num), header = header_len (num);
  size_t whole = len + header + MIR_STEP;
  char *start = (char *) mir_os_reserve (whole, NULL, 0);
  if (start == NULL) return NULL;
  if (mir_os_commit_data (start, header) != 0) {
    mir_os_unreserve (start, whole);
    return NULL;
  }
  struct range *range = (struct range *) (void *) start;
  uint64_t *bits = (uint64_t *) (void *) (range + 1);
  range->slices = (struct mir_slices) {.num = num,
                                       .open = bits,
                                       .taken = bits + words,
                                       .kept = bits + 2 * words,
                                       .huge = bits + 3 * words,
                                       .empty = bits + 4 * words};
  uintptr_t bound = (uintptr_t) start + header;
  range->start = start + header + ((MIR_STEP - bound % MIR_STEP) % MIR_STEP);
  mir_os_want_huge (range->start, len, 0);
  return range;
}

static void release_range (struct range *range) {
  size_t num = range->slices.num;
  mir_os_unreserve (range, num * MIR_SLICE + header_len (num) + MIR_STEP);
}

/* Make RANGE the newest, or drop the newest again.  The caller has set is_growing.  */
static void link_range (struct range *range) {
  mir_os_lock (&supply_lock);
  range->older = supply_ranges;
  supply_ranges = range;
  mir_os_unlock (&supply_lock);
}

static void unlink_range (struct range *range) {
  mir_os_lock (&supply_lock);
  supply_ranges = range->older;
  mir_os_unlock (&supply_lock);
  release_range (range);
}

/* Reserve a range, twice as large as the newest, and with room for a block of ROOM bytes, for mimalloc.
   0, or -1 if the system or mimalloc refuses.  */
static int reserve_supply (uint64_t room) {
  mir_os_lock (&supply_lock);
  uint64_t len =
      supply_ranges == NULL ? RANGE_UNIT : (uint64_t) supply_ranges->slices.num * MIR_SLICE * 2;
  mir_os_unlock (&supply_lock);
  if (len > LAST_RANGE) len = LAST_RANGE;
  uint64_t needed = (room + 3 * RANGE_UNIT - 1) / RANGE_UNIT * RANGE_UNIT;
  if (room != 0 && len < needed) len = needed;
  if (len > LAST_RANGE || len > mir_os_address_limit () / 4) return -1;
  struct range *range = make_range ((size_t) len);
  mi_arena_id_t id;
  if (range == NULL) return -1;
  link_range (range);
  if (mi_manage_memory (range->start, (size_t) len, false, false, true, -1, false, supply, range,
                        &id))
    return 0;
  unlink_range (range);
  return -1;
}

/* The same.  On failure the heap does without: mimalloc reserves its own, which becomes accessible in
   pieces too; the next try is when the heap has doubled.  The caller has set is_growing.  */
static void add_range (uint64_t room) {
  int res = reserve_supply (room);
  mir_os_lock (&supply_lock);
  is_growing = 0;
  grow_at = res == 0 ? 0 : taken * 2;
  mir_os_unlock (&supply_lock);
}

/* Whether a range has free slices for a block of LEN bytes, wherever mimalloc starts it.  */
static int range_has_room (size_t len) {
  size_t num = (size_t) (len + RANGE_UNIT) / MIR_SLICE;
  for (struct range *range = supply_ranges; range != NULL; range = range->older)
    if (mir_slices_have_free (&range->slices, num)) return 1;
  return 0;
}

void mir_supply_make_room (size_t len) {
  if (len > LAST_RANGE / 2 || len > mi_option_get_size (mi_option_arena_max_object_size))
    return; /* the system's */
  mir_os_lock (&supply_lock);
  int must_grow = supply_ranges != NULL && !is_growing && taken >= grow_at && !range_has_room (len);
  if (must_grow) is_growing = 1;
  mir_os_unlock (&supply_lock);
  if (must_grow) add_range (len);
}

/*---------------- Life -----------------------------*/

/* What has been done to prepare.  */
enum { NOTHING, BEGUN, DONE };
static atomic_int prepared;

/* At what another thread prepares: it may be gone, in a forked child.  */
enum { PREPARE_LOOKS = 100000 };

static void do_nothing (void) {}

static void count_anew (void) {
  mir_os_lock_t unlocked = MIR_OS_LOCK_INITIALIZER;
  memcpy (&supply_lock, &unlocked, sizeof (supply_lock));
  taken = kept = 0;
  is_growing = 0;
  for (struct range *range = supply_ranges; range != NULL; range = range->older) {
    struct mir_slice_run all = {0, range->slices.num};
    taken += mir_slices_taken_num (&range->slices, all) * MIR_SLICE;
    kept += mir_slices_kept_num (&range->slices) * MIR_SLICE;
  }
  if (atomic_load_explicit (&prepared, memory_order_relaxed) == BEGUN)
    atomic_store_explicit (&prepared, DONE, memory_order_relaxed);
}

/* As the user of the process asks.  */
static void read_environment (void) {
  const char *asked = secure_getenv ("MIR_HEAP_PAGES");
  if (asked == NULL) return;
  if (strcmp (asked, "huge") == 0) huge_pages.asked = MIR_HEAP_PAGES_HUGE;
  if (strcmp (asked, "small") == 0) huge_pages.asked = MIR_HEAP_PAGES_SMALL;
}

void mir_supply_use_pages (MIR_heap_pages_t pages) {
  mir_supply_prepare (); /* the environment comes first */
  mir_os_lock (&supply_lock);
  huge_pages.asked = pages;
  mir_os_unlock (&supply_lock);
}

int mir_supply_is_own (void) {
  mir_os_lock (&supply_lock);
  int res = supply_ranges != NULL;
  mir_os_unlock (&supply_lock);
  return res;
}

/* A range begins at a multiple of MIR_STEP, which must be enough for mimalloc.  */
static void prepare (void) {
  if (sizeof (void *) < 8 || MIR_STEP % mi_arena_min_alignment () != 0
      || mir_os_at_fork (do_nothing, do_nothing, count_anew) != 0)
    return;
  read_environment ();
  is_growing = 1;
  add_range (0);
  if (!mir_supply_is_own ()) return;
  mi_option_set (mi_option_purge_delay, 0);
  mi_option_set (mi_option_page_commit_on_demand, 0); /* 3.4.3 does not ask us for what it adds */
  mi_option_set (mi_option_arena_eager_commit, 0);    /* of ranges that mimalloc makes itself */
}

/* Nothing is wrong but the memory's cost if a thread goes on too early.  */
void mir_supply_prepare (void) {
  int state = NOTHING;
  if (atomic_load_explicit (&prepared, memory_order_acquire) == DONE) return;
  if (atomic_compare_exchange_strong (&prepared, &state, BEGUN)) {
    prepare ();
    atomic_store_explicit (&prepared, DONE, memory_order_release);
    return;
  }
  for (int i = 0; i < PREPARE_LOOKS; i++)
    if (atomic_load_explicit (&prepared, memory_order_acquire) == DONE) return;
}
