/* The structures below a pool against simple ones: granules against an array of states, bins against
   a walk over all runs, retired blocks in passes.  */
#include <stdlib.h>
#include <string.h>

#include "code/bins.h"
#include "code/granules.h"
#include "code/range.h"
#include "code/retired.h"
#include "code/types.h"
#include "support/tap.h"

enum { GRANULES = 3000, CHUNKS = 64 };

/* What a granule is: free, or in a block whose first granule is STATES[i] - 1.  */
static uint32_t states[GRANULES];
static uint8_t pinned[GRANULES]; /* by the first granule of a block */
static struct mir_granule_word words[(GRANULES + 63) / 64];
static struct mir_pool pool;
static struct mir_slab slab;
static struct mir_run_chunk chunks[CHUNKS];

static void start (void) {
  memset (states, 0, sizeof (states));
  memset (pinned, 0, sizeof (pinned));
  memset (&pool, 0, sizeof (pool));
  memset (&slab, 0, sizeof (slab));
  mir_granules_init (&slab.granules, words, GRANULES);
  slab.pool = &pool;
  mir_bins_init (&pool.bins);
  CHECK_PTR (mir_bins_move (&pool.bins, chunks, CHUNKS), NULL);
}

static uint32_t random_below (uint32_t n) {
  return (uint32_t) (tap_random () % n);
}

/* The length of the run at I, by the array; 0: none starts there.  */
static uint32_t run_at (uint32_t i) {
  uint32_t len = 0;
  if (i > 0 && states[i - 1] == 0) return 0;
  while (i + len < GRANULES && states[i + len] == 0) len++;
  return len;
}

/* The last granule of the block at FIRST, by the array.  */
static uint32_t last_of (uint32_t first) {
  uint32_t last = first;
  while (last + 1 < GRANULES && states[last + 1] == first + 1) last++;
  return last;
}

static void take (uint32_t first, uint32_t n) {
  mir_granules_take (&slab.granules, first, n);
  for (uint32_t i = 0; i < n; i++) states[first + i] = first + 1;
  pinned[first] = 0;
}

static void clear_states (uint32_t first, uint32_t bound) {
  for (uint32_t i = first; i < bound; i++) states[i] = 0;
}

/* Compare the bitmaps with the array; count what differs.  */
static void check_granules (void) {
  const struct mir_granules *g = &slab.granules;
  uint32_t wrong = 0, top = 0;
  for (uint32_t i = 0; i < GRANULES; i++) {
    uint32_t first = states[i] - 1;
    int starts = states[i] != 0 && first == i;
    wrong += mir_granules_is_taken (g, i) != (states[i] != 0);
    wrong += mir_granules_is_block (g, i) != starts;
    wrong += mir_granules_block (g, i) != (states[i] != 0 ? first : MIR_NO_GRANULE);
    wrong += mir_granules_run_len (g, i) != run_at (i);
    if (starts) {
      wrong += mir_granules_block_last (g, i) != last_of (i);
      wrong += mir_granules_is_pinned (g, last_of (i)) != pinned[i];
    }
    if (states[i] != 0) top = i + 1;
  }
  CHECK_INT (wrong, 0);
  CHECK_INT (g->top, top);
}

/* Free the block at FIRST, or its end, or its beginning, and check the start of the run.  */
static void free_some (uint32_t first) {
  uint32_t last = last_of (first), part = last > first ? random_below (last - first) + 1 : 0;
  uint32_t from = first, bound = last + 1, start;
  switch (random_below (3)) {
    case 0:
      if (part == 0) break;
      from = first + part;
      mir_granules_end_at (&slab.granules, from - 1, pinned[first]);
      break;
    case 1:
      if (part == 0 || pinned[first]) break;
      bound = first + part;
      for (uint32_t i = bound; i <= last; i++) states[i] = bound + 1;
      pinned[bound] = 0;
      break;
    default:
      break;
  }
  clear_states (from, bound);
  uint32_t found = mir_granules_release (&slab.granules, from, bound);
  for (start = from; start > 0 && states[start - 1] == 0;) start--;
  CHECK (found == start || (found == MIR_NO_GRANULE && from - start >= 1));
}

static void granules_agree_with_an_array (void) {
  start ();
  for (size_t n = tap_scaled (20000); n > 0; n--) {
    uint32_t i = random_below (GRANULES), len = run_at (i);
    if (len != 0) {
      uint32_t most = random_below (4) == 0 ? len : len < 150 ? len : 150;
      take (i, random_below (most) + 1);
    } else if (states[i] != 0) {
      uint32_t first = states[i] - 1;
      if (random_below (3) == 0) {
        pinned[first] = !pinned[first];
        (pinned[first] ? mir_granules_pin : mir_granules_unpin) (&slab.granules, last_of (first));
      } else {
        free_some (first);
      }
    }
    if (n % 50 == 0) check_granules ();
  }
  uint32_t from = random_below (GRANULES / 2), bound = from + random_below (GRANULES / 2) + 1;
  mir_granules_unpin_all (&slab.granules, from, bound);
  for (uint32_t i = 0; i < GRANULES; i++)
    if (states[i] == i + 1 && last_of (i) >= from && last_of (i) < bound) pinned[i] = 0;
  check_granules ();
}

/* The length of the shortest run of at least N granules that is not the bump region; 0: none.  */
static uint32_t shortest (uint32_t n) {
  uint32_t best = 0;
  for (uint32_t i = 0; i < GRANULES; i++) {
    uint32_t len = run_at (i);
    int is_bump = pool.bump.slab == &slab && pool.bump.start == i && i < pool.bump.bound;
    if (len >= n && !is_bump && (best == 0 || len < best)) best = len;
  }
  return best;
}

static void add_all (void) {
  mir_bins_clear (&pool.bins);
  for (uint32_t i = 0; i < GRANULES; i++)
    if (run_at (i) != 0) REQUIRE (mir_bins_add (&pool.bins, &slab, i, run_at (i)) == 0);
}

/* Entries may be too short, too long or of runs that are gone; what is found is right.  */
static void bins_find_the_shortest_run (void) {
  start ();
  add_all ();
  for (size_t n = tap_scaled (20000); n > 0; n--) {
    uint32_t i = random_below (GRANULES);
    if (random_below (2) == 0 && states[i] != 0) {
      uint32_t first = states[i] - 1, last = last_of (first);
      clear_states (first, last + 1);
      uint32_t run = mir_granules_release (&slab.granules, first, last + 1);
      if (run == MIR_NO_GRANULE) continue; /* the run has an entry, which is too short now */
      if (mir_bins_add (&pool.bins, &slab, run, run_at (run)) != 0) add_all ();
      continue;
    }
    uint32_t wanted = random_below (8) == 0 ? random_below (400) + 1 : random_below (40) + 1;
    struct mir_run found;
    if (mir_bins_take (&pool.bins, wanted, UINT32_MAX, UINT32_MAX, &pool.bump, &found) != 0) {
      add_all (); /* some may have grown unseen */
      CHECK_INT (
          mir_bins_take (&pool.bins, wanted, UINT32_MAX, UINT32_MAX, &pool.bump, &found) == 0,
          shortest (wanted) != 0);
      if (shortest (wanted) == 0) continue;
    }
    CHECK_INT (found.len, run_at (found.start));
    CHECK (found.len >= wanted);
    take (found.start, wanted);
    if (found.len > wanted
        && mir_bins_add (&pool.bins, &slab, found.start + wanted, found.len - wanted) != 0)
      add_all ();
  }
  check_granules ();
}

/* With an entry for each run, as it is, the search is exact up to 64 granules.  */
static void fresh_bins_are_exact (void) {
  start ();
  for (uint32_t i = 0; i + 130 < GRANULES; i += 131) take (i + random_below (130) + 1, 1);
  for (uint32_t n = 1; n <= 64; n++) {
    struct mir_run found;
    add_all ();
    CHECK_INT (mir_bins_have_none (&pool.bins, n), shortest (n) == 0);
    if (mir_bins_take (&pool.bins, n, UINT32_MAX, UINT32_MAX, &pool.bump, &found) == 0)
      CHECK (found.len == shortest (n) || shortest (n) > 64);
    else
      CHECK_INT (shortest (n), 0);
  }
}

/* A run that is shorter than its entry says, in the same bin, is not taken for a longer one; nor is
   the bump region, unless it is used up.  */
static void stale_entries_are_not_believed (void) {
  struct mir_run found;
  start ();
  REQUIRE (mir_bins_add (&pool.bins, &slab, 0, 78) == 0);
  take (65, 1); /* 65 are left, in the same bin as 78 */
  CHECK_INT (mir_bins_take (&pool.bins, 70, 100, UINT32_MAX, &pool.bump, &found), -1);
  CHECK_INT (mir_bins_take (&pool.bins, 65, 100, UINT32_MAX, &pool.bump, &found), 0);
  CHECK_INT (found.len, 65);
  pool.bump = (struct mir_bump) {.slab = &slab, .start = 66, .bound = GRANULES};
  REQUIRE (mir_bins_add (&pool.bins, &slab, 66, GRANULES - 66) == 0);
  CHECK_INT (mir_bins_take (&pool.bins, 10, UINT32_MAX, UINT32_MAX, &pool.bump, &found), -1);
  pool.bump.start = pool.bump.bound = 66; /* used up: what begins there is another run */
  REQUIRE (mir_bins_add (&pool.bins, &slab, 66, GRANULES - 66) == 0);
  CHECK_INT (mir_bins_take (&pool.bins, 10, UINT32_MAX, UINT32_MAX, &pool.bump, &found), 0);
  CHECK_INT (found.start, 66);
}

/* The entries of a slab are gone, and those of others are all there, in any order.  */
static void a_slab_is_forgotten (void) {
  static struct mir_slab other;
  struct mir_run found;
  uint32_t kept = 0;
  start ();
  other = slab; /* the same bitmaps will do: all granules are free */
  for (uint32_t i = 0; i < 200; i++) {
    uint32_t len = random_below (3) == 0 ? random_below (3) + 1 : random_below (30) + 1;
    int is_other = random_below (3) == 0;
    kept += !is_other;
    REQUIRE (mir_bins_add (&pool.bins, is_other ? &other : &slab, 0, len) == 0);
  }
  mir_bins_forget (&pool.bins, &other);
  slab.granules.count = slab.granules.top = 0; /* no entry is right any more: each is met once */
  CHECK_INT (mir_bins_take (&pool.bins, 1, UINT32_MAX, UINT32_MAX, &pool.bump, &found), -1);
  CHECK (mir_bins_have_none (&pool.bins, 1));
  CHECK_INT (pool.bins.used, 0);
  start ();
  for (uint32_t i = 0; i < kept; i++)
    REQUIRE (mir_bins_add (&pool.bins, &slab, 0, random_below (30) + 1) == 0);
  mir_bins_forget (&pool.bins, &slab);
  CHECK_INT (pool.bins.used, 0);
  for (uint32_t i = 0; i < CHUNKS * MIR_CHUNK_RUNS; i++) /* and no chunk is lost */
    CHECK_INT (mir_bins_add (&pool.bins, &slab, 0, 1), 0);
}

/* A search passes over many runs that are too short only if it has no limit.  */
static void a_limit_ends_a_search (void) {
  struct mir_run found;
  start ();
  slab.granules.count = 79; /* one free run */
  REQUIRE (mir_bins_add (&pool.bins, &slab, 0, 79) == 0);
  for (int i = 0; i < 300; i++) REQUIRE (mir_bins_add (&pool.bins, &slab, 0, 70) == 0);
  CHECK_INT (mir_bins_take (&pool.bins, 79, UINT32_MAX, 64, &pool.bump, &found), -1);
  CHECK_INT (mir_bins_take (&pool.bins, 79, UINT32_MAX, UINT32_MAX, &pool.bump, &found), 0);
  CHECK_INT (found.len, 79);
}

static void full_bins_say_so (void) {
  static struct mir_run_chunk two[2];
  uint32_t added = 0;
  start ();
  (void) mir_bins_move (&pool.bins, two, 2);
  while (mir_bins_add (&pool.bins, &slab, 0, 1) == 0) added++;
  CHECK_INT (added, 2 * MIR_CHUNK_RUNS);
  CHECK_PTR (mir_bins_move (&pool.bins, chunks, CHUNKS), two);
  CHECK_INT (mir_bins_add (&pool.bins, &slab, 0, 1), 0);
  mir_bins_clear (&pool.bins);
  CHECK (mir_bins_have_none (&pool.bins, 1));
}

/* A pass has each block once; those put back come first in the next one, and wait for no later
   grace period.  */
static void passes_put_blocks_back (void) {
  enum { BLOCKS = 40, CAPACITY = 64 };
  static const uint8_t *ring[CAPACITY];
  static const uint8_t bytes[BLOCKS];
  struct mir_retired retired = {0};
  uint8_t left[BLOCKS];
  (void) mir_retired_move (&retired, ring, CAPACITY);
  for (int i = 0; i < BLOCKS; i++) {
    mir_retired_add (&retired, &bytes[i], (uint64_t) i / 3);
    left[i] = 1;
  }
  for (uint64_t grace = 0; grace < BLOCKS; grace++) {
    for (int pass = 0; pass < 2; pass++) {
      const uint8_t *addr;
      uint8_t seen[BLOCKS] = {0};
      mir_retired_begin (&retired);
      while ((addr = mir_retired_take (&retired, grace)) != NULL) {
        size_t i = (size_t) (addr - bytes);
        REQUIRE (i < BLOCKS && left[i] && !seen[i]);
        seen[i] = 1;
        if (pass == 0 && random_below (2) == 0)
          mir_retired_put_back (&retired, addr, grace);
        else
          left[i] = 0;
      }
    }
    uint32_t num = 0;
    for (size_t i = 0; i < BLOCKS; i++) {
      if (i / 3 <= grace && (grace < MIR_PERIODS - 1 || grace >= BLOCKS / 3))
        CHECK_INT (left[i], 0);
      num += left[i];
    }
    CHECK_INT (retired.num, num);
  }
  CHECK_INT (retired.num, 0);
}

/* A range has room for all of its units, wherever the system has put it.  */
static void ranges_are_used_whole (void) {
  enum { UNITS = 40, UNIT = MIR_RANGE_UNIT };
  static struct mir_granule_word bits;
  for (size_t offset = 0; offset < UNIT; offset += 4096) {
    struct mir_range range = {.start = (uint8_t *) (UNIT + offset), .len = UNITS * UNIT};
    mir_granules_init (&range.units, &bits, UNITS);
    for (int i = 0; i < UNITS; i++)
      CHECK_PTR (mir_range_take (&range, UNIT, UNIT), range.start + i * UNIT);
    CHECK_PTR (mir_range_take (&range, UNIT, UNIT), NULL);
    for (int i = 0; i < UNITS; i++) mir_range_release (&range, range.start + i * UNIT);
    CHECK_PTR (mir_range_take (&range, range.len, UNIT), range.start);
    mir_range_release (&range, range.start);
    uint8_t *aligned = mir_range_take (&range, 4 * UNIT, 4 * UNIT);
    REQUIRE (aligned != NULL);
    CHECK ((uintptr_t) aligned % (4 * UNIT) == offset);
  }
}

int main (void) {
  TEST_RUN (granules_agree_with_an_array);
  TEST_RUN (bins_find_the_shortest_run);
  TEST_RUN (fresh_bins_are_exact);
  TEST_RUN (stale_entries_are_not_believed);
  TEST_RUN (a_slab_is_forgotten);
  TEST_RUN (a_limit_ends_a_search);
  TEST_RUN (full_bins_say_so);
  TEST_RUN (passes_put_blocks_back);
  TEST_RUN (ranges_are_used_whole);
  return tap_done ();
}
