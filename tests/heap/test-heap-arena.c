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
  TEST_RUN (clear_keeps_one_chunk);
  TEST_RUN (bad_options_are_refused);
  TEST_RUN (checkers_see_blocks_and_resets);
  return tap_done ();
}
