/* Arenas: marks, resets, and what memory checkers see.  */
#include "mir-heap.h"

#include <string.h>

#include "support/probe-alloc.h"
#include "support/tap.h"
#include SEEN_FILE

enum { CHUNK = 4096 };

static struct probe_alloc probe;
static MIR_arena_t arena;

static void start (void) {
  probe_alloc_init (&probe);
  REQUIRE (MIR_arena_create (&probe.alloc, CHUNK, &arena) == MIR_HEAP_OK);
}

static void finish (void) {
  MIR_arena_finish (arena);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static char *get (size_t size) {
  char *block = (char *) MIR_malloc (&arena->alloc, size);
  REQUIRE (block != NULL);
  memset (block, 'x', size);
  return block;
}

static void reset_frees_what_is_newer (void) {
  start ();
  char *old = get (100);
  MIR_arena_mark_t mark = MIR_arena_get_mark (arena);
  char *first = get (50);
  for (int round = 0; round < 5; round++) {
    for (int i = 0; i < 500; i++) get (100);
    get (20 * CHUNK);
    CHECK_INT (MIR_arena_reset (arena, mark), MIR_HEAP_OK);
    CHECK_PTR (get (50), first);
    CHECK (old[0] == 'x' && old[99] == 'x');
  }
  CHECK (MIR_arena_bytes (arena) < 4 * CHUNK);
  finish ();
}

static void marks_nest (void) {
  MIR_arena_mark_t marks[20];
  char *blocks[20];
  start ();
  for (int i = 0; i < 20; i++) {
    marks[i] = MIR_arena_get_mark (arena);
    blocks[i] = get (700);
    get (CHUNK + (size_t) i);
  }
  for (int i = 19; i >= 0; i--) {
    CHECK_INT (MIR_arena_reset (arena, marks[i]), MIR_HEAP_OK);
    if (i > 0) CHECK (blocks[i - 1][699] == 'x');
  }
  finish ();
}

static void bad_marks_are_refused (void) {
  MIR_arena_t other;
  start ();
  REQUIRE (MIR_arena_create (&probe.alloc, CHUNK, &other) == MIR_HEAP_OK);
  get (10);
  MIR_arena_mark_t early = MIR_arena_get_mark (arena);
  char *block = get (10);
  MIR_arena_mark_t mark = MIR_arena_get_mark (arena);
  CHECK_INT (MIR_arena_reset (other, mark), MIR_HEAP_BAD_MARK);
  CHECK_INT (MIR_arena_reset (arena, early), MIR_HEAP_OK);
  CHECK_INT (MIR_arena_reset (arena, mark), MIR_HEAP_BAD_MARK); /* newer than the early mark */
  CHECK_PTR (get (10), block);
  MIR_arena_finish (other);
  finish ();
}

static void last_block_grows_in_place_unless_marked (void) {
  start ();
  char *block = get (100);
  CHECK_PTR (MIR_realloc (&arena->alloc, block, 100, 900), block);
  MIR_arena_mark_t mark = MIR_arena_get_mark (arena);
  memset (block, 'y', 900);
  char *moved = (char *) MIR_realloc (&arena->alloc, block, 900, 1000);
  REQUIRE (moved != NULL);
  CHECK (moved != block && moved[899] == 'y');
  CHECK_INT (MIR_arena_reset (arena, mark), MIR_HEAP_OK);
  memset (get (1000), 'z', 1000);
  CHECK (block[0] == 'y' && block[899] == 'y');
  finish ();
}

static void last_block_can_be_freed (void) {
  start ();
  char *first = get (40), *second = get (40);
  MIR_free (&arena->alloc, second);
  CHECK_PTR (get (30), second);
  MIR_free (&arena->alloc, first); /* not the newest block: stays */
  CHECK (get (40) != first);
  finish ();
}

/* A growing array has its own block below, and returns it when it moves.  */
static void large_blocks_are_resized_below (void) {
  start ();
  size_t size = 2000;
  char *array = get (size), *newer = get (3000);
  for (int i = 0; i < 10; i++, size *= 2) {
    array = (char *) MIR_realloc (&arena->alloc, array, size, size * 2);
    REQUIRE (array != NULL);
    CHECK (array[size - 1] == 'x');
    memset (array, 'x', size * 2);
  }
  CHECK (MIR_arena_bytes (arena) < size + 4 * CHUNK);
  CHECK (newer[2999] == 'x');
  array = (char *) MIR_realloc (&arena->alloc, array, size, 100); /* now a small block */
  CHECK (array[99] == 'x' && MIR_arena_bytes (arena) < 4 * CHUNK);
  finish ();
}

/*---------------- Refused shrinks -----------------------------*/

enum { LARGE = 3 * CHUNK, SMALL = CHUNK / 4 }; /* the largest small size */

/* While nothing is to be had below, and the chunk is full, blocks shrink from LARGE to SIZE.  */
static char *shrink_refused (size_t size) {
  char *block = get (LARGE);
  memset (block, 'y', size);
  while (probe.failed == 0) {
    probe_alloc_fail_after (&probe, 0, 1);
    MIR_malloc (&arena->alloc, SMALL);
  }
  block = (char *) MIR_realloc (&arena->alloc, block, LARGE, size);
  probe.failed = 0;
  probe_alloc_fail_after (&probe, -1, 0);
  REQUIRE (block != NULL);
  return block;
}

static int are_y (const char *block, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (block[i] != 'y') return 0;
  return 1;
}

/* A large block which is known as a small one takes any small size without more memory, moves into
   a chunk or grows as soon as there is some, and its own memory then goes back.  */
static void blocks_shrunk_where_they_are_live_on (void) {
  start ();
  char *first = shrink_refused (100), *second = shrink_refused (SMALL), *third = shrink_refused (0);
  size_t bytes = MIR_arena_bytes (arena);
  CHECK_INT (bytes, probe.live_bytes);
  CHECK (are_y (first, 100) && are_y (second, SMALL));
  probe_alloc_fail_after (&probe, 0, 1);
  first = (char *) MIR_realloc (&arena->alloc, first, 100, SMALL);
  third = (char *) MIR_realloc (&arena->alloc, third, 0, SMALL);
  probe_alloc_fail_after (&probe, -1, 0);
  REQUIRE (first != NULL && third != NULL);
  memset (third, 'y', SMALL);
  second = (char *) MIR_realloc (&arena->alloc, second, SMALL, LARGE);
  REQUIRE (second != NULL);
  CHECK (are_y (first, 100) && are_y (second, SMALL) && are_y (third, SMALL));
  third = (char *) MIR_realloc (&arena->alloc, third, SMALL, SMALL / 2);
  first = (char *) MIR_realloc (&arena->alloc, first, SMALL, 10);
  CHECK (are_y (first, 10) && are_y (second, SMALL) && are_y (third, SMALL / 2));
  CHECK_INT (MIR_arena_bytes (arena), probe.live_bytes);
  finish ();
}

/* Memory goes back as far as the allocator below can shorten a block, but all small sizes fit in what
   is left.  */
static void blocks_shrunk_where_they_are_give_memory_back (void) {
  MIR_failing_options_t options = {.size = sizeof (options)};
  MIR_failing_t failing;
  probe_alloc_init (&probe);
  REQUIRE (MIR_failing_create (&probe.alloc, &options, &failing) == MIR_HEAP_OK);
  REQUIRE (MIR_arena_create (&failing->alloc, CHUNK, &arena) == MIR_HEAP_OK);
  size_t before = MIR_arena_bytes (arena);
  char *block = get (100 * CHUNK);
  options.nth = 1;
  options.forever = options.spare_shrinks = 1;
  REQUIRE (MIR_failing_set (failing, &options) == MIR_HEAP_OK);
  block = (char *) MIR_realloc (&arena->alloc, block, 100 * CHUNK, 10);
  REQUIRE (block != NULL);
  CHECK (block[9] == 'x' && MIR_arena_bytes (arena) < before + CHUNK);
  block = (char *) MIR_realloc (&arena->alloc, block, 10, SMALL);
  REQUIRE (block != NULL);
  memset (block, 'y', SMALL);
  CHECK_INT (probe_alloc_check (&probe), 0);
  MIR_arena_finish (arena);
  MIR_failing_finish (failing);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

/* Such a block was resized since the mark, so it ends with a reset, as one that has moved.  */
static void blocks_shrunk_where_they_are_end_by_resets (void) {
  start ();
  char *old = shrink_refused (50);
  MIR_arena_mark_t mark = MIR_arena_get_mark (arena);
  size_t bytes = MIR_arena_bytes (arena);
  for (int i = 0; i < 10; i++) shrink_refused ((size_t) i * 10);
  CHECK_INT (MIR_arena_reset (arena, mark), MIR_HEAP_OK);
  CHECK (MIR_arena_bytes (arena) <= bytes + CHUNK); /* with a spare chunk */
  old = (char *) MIR_realloc (&arena->alloc, old, 50, 60);
  CHECK (old != NULL && are_y (old, 50));
  char *newest = shrink_refused (30);
  MIR_free (&arena->alloc, newest); /* the newest large block: goes back at once */
  CHECK_INT (MIR_arena_bytes (arena), probe.live_bytes);
  shrink_refused (20);
  MIR_arena_clear (arena);
  CHECK (MIR_arena_bytes (arena) < 2 * CHUNK);
  shrink_refused (20);
  finish ();
}

/* A large block stays large, where the allocator below moves each block and finds no room.  */
static void large_blocks_shrink_where_they_are (void) {
  start ();
  char *block = get (LARGE), *newer = get (LARGE);
  MIR_arena_mark_t mark = MIR_arena_get_mark (arena);
  probe_alloc_fail_after (&probe, 0, 1);
  CHECK_PTR (MIR_realloc (&arena->alloc, block, LARGE, LARGE - 1), block);
  CHECK_PTR (MIR_realloc (&arena->alloc, block, LARGE - 1, SMALL + 1), block);
  CHECK_PTR (MIR_realloc (&arena->alloc, block, SMALL + 1, LARGE + 1), NULL);
  probe_alloc_fail_after (&probe, -1, 0);
  CHECK (block[0] == 'x' && block[SMALL] == 'x');
  block = (char *) MIR_realloc (&arena->alloc, block, SMALL + 1, LARGE * 2);
  REQUIRE (block != NULL);
  CHECK (block[0] == 'x' && block[SMALL] == 'x');
  CHECK_INT (MIR_arena_reset (arena, mark), MIR_HEAP_OK); /* ends the resized one */
  CHECK (newer[LARGE - 1] == 'x' && MIR_arena_bytes (arena) < LARGE + CHUNK);
  finish ();
}

/*---------------- Chunks, checkers -----------------------------*/

static void clear_keeps_one_chunk (void) {
  start ();
  for (int i = 0; i < 100; i++) get (500);
  MIR_arena_clear (arena);
  size_t calls = probe.calls;
  CHECK (MIR_arena_bytes (arena) < 2 * CHUNK);
  get (500);
  CHECK_INT (probe.calls, calls);
  finish ();
}

static void bad_options_are_refused (void) {
  MIR_arena_t none;
  CHECK_INT (MIR_arena_create (NULL, 1, &none), MIR_HEAP_BAD_OPTION);
  CHECK_INT (MIR_arena_create (NULL, SIZE_MAX, &none), MIR_HEAP_BAD_OPTION);
}

static void checkers_see_blocks_and_resets (void) {
  if (!seen_is_checked ()) tap_skip ("no memory checker runs this");
  start ();
  char *block = get (40);
  MIR_arena_mark_t mark = MIR_arena_get_mark (arena);
  char *newer = get (24);
  CHECK (!seen_is_closed (block) && !seen_is_closed (block + 39));
  CHECK (seen_is_closed (block + 40));
  CHECK (!seen_is_closed (newer) && seen_is_closed (newer + 24));
  CHECK_INT (MIR_arena_reset (arena, mark), MIR_HEAP_OK);
  CHECK (!seen_is_closed (block) && seen_is_closed (newer));
  CHECK_PTR (get (30), newer);
  CHECK (!seen_is_closed (newer + 29));
  MIR_free (&arena->alloc, newer);
  CHECK (seen_is_closed (newer));
  block = get (100);
  CHECK_PTR (MIR_realloc (&arena->alloc, block, 100, 50), block);
  CHECK (!seen_is_closed (block + 49) && seen_is_closed (block + 50));
  CHECK_PTR (MIR_realloc (&arena->alloc, block, 50, 120), block);
  CHECK (!seen_is_closed (block + 119) && seen_is_closed (block + 120));
  MIR_arena_clear (arena);
  get (10); /* a reused chunk works like a new one */
  finish ();
}

int main (void) {
  TEST_RUN (reset_frees_what_is_newer);
  TEST_RUN (marks_nest);
  TEST_RUN (bad_marks_are_refused);
  TEST_RUN (last_block_grows_in_place_unless_marked);
  TEST_RUN (last_block_can_be_freed);
  TEST_RUN (large_blocks_are_resized_below);
  TEST_RUN (blocks_shrunk_where_they_are_live_on);
  TEST_RUN (blocks_shrunk_where_they_are_give_memory_back);
  TEST_RUN (blocks_shrunk_where_they_are_end_by_resets);
  TEST_RUN (large_blocks_shrink_where_they_are);
  TEST_RUN (clear_keeps_one_chunk);
  TEST_RUN (bad_options_are_refused);
  TEST_RUN (checkers_see_blocks_and_resets);
  return tap_done ();
}
