/* The checking allocator finds each broken promise once, and goes on working.  */
#include "mir-heap.h"

#include <string.h>

#include "support/child.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

enum { MAX_SEEN = 32 };

static struct probe_alloc probe;
static MIR_checking_t checking;
static MIR_alloc_t alloc;
static MIR_check_t seen[MAX_SEEN];
static size_t seen_num;

static void note (void *user_data, const MIR_check_t *check) {
  CHECK_PTR (user_data, &probe);
  if (seen_num < MAX_SEEN) seen[seen_num] = *check;
  seen_num++;
}

static void start_with (size_t quarantine, unsigned frames) {
  MIR_checking_options_t options = {.size = sizeof (options),
                                    .func = note,
                                    .user_data = &probe,
                                    .quarantine = quarantine,
                                    .frames = frames};
  seen_num = 0;
  probe_alloc_init (&probe);
  REQUIRE (MIR_checking_create (&probe.alloc, &options, &checking) == MIR_HEAP_OK);
  alloc = &checking->alloc;
}

static void start (void) {
  start_with (0, 0);
}

/* Check that exactly FOUND findings were reported and that the allocator below saw no error.  */
static void finish (size_t found) {
  CHECK_INT (MIR_checking_finish (checking), found);
  CHECK_INT (probe_alloc_finish (&probe), 0);
  CHECK_INT (seen_num, found);
}

static void nothing_is_found_in_what_is_right (void) {
  start ();
  char *block = (char *) MIR_malloc (alloc, 10);
  CHECK ((unsigned char) block[9] == 0xa5);
  block = (char *) MIR_realloc (alloc, block, 10, 1000);
  MIR_free (alloc, block);
  MIR_free (alloc, NULL);
  finish (0);
}

static void wrong_old_size_is_found_and_put_right (void) {
  start ();
  char *block = (char *) MIR_malloc (alloc, 100);
  memset (block, 'x', 100);
  block = (char *) MIR_realloc (alloc, block, 500, 200);
  REQUIRE (block != NULL);
  CHECK (block[99] == 'x' && (unsigned char) block[100] == 0xa5);
  CHECK_INT (seen[0].kind, MIR_CHECK_WRONG_SIZE);
  CHECK_INT (seen[0].size, 100);
  CHECK_INT (seen[0].given, 500);
  MIR_free (alloc, block);
  finish (1);
}

static void double_free_is_found (void) {
  start ();
  char *block = (char *) MIR_malloc (alloc, 100);
  MIR_free (alloc, block);
  MIR_free (alloc, block);
  CHECK_INT (seen[0].kind, MIR_CHECK_DOUBLE_FREE);
  CHECK_INT (seen[0].size, 100);
  CHECK_PTR (seen[0].block, block);
  CHECK_PTR (MIR_realloc (alloc, block, 100, 200), NULL);
  CHECK_INT (seen[1].kind, MIR_CHECK_DOUBLE_FREE);
  finish (2);
}

static void foreign_pointers_are_found_and_not_touched (void) {
  static char ours[64];
  start ();
  char *block = (char *) MIR_malloc (alloc, 100);
  MIR_free (alloc, ours);
  MIR_free (alloc, block + 16);
  MIR_free (alloc, (void *) (uintptr_t) 16); /* not even mapped */
  CHECK_PTR (MIR_realloc (alloc, ours + 1, 10, 20), NULL);
  for (int i = 0; i < 4; i++) CHECK_INT (seen[i].kind, MIR_CHECK_FOREIGN);
  CHECK_INT (seen[0].number, 0);
  MIR_free (alloc, block);
  finish (4);
}

static void damage_around_a_block_is_found_once (void) {
  start ();
  char *block = (char *) MIR_malloc (alloc, 33), *other = (char *) MIR_malloc (alloc, 1);
  volatile char *bytes = block;
  bytes[33] = 1;
  other[1] = 1; /* past the end of the other block as well */
  CHECK_INT (MIR_checking_verify (checking), 2);
  CHECK_INT (MIR_checking_verify (checking), 2);
  CHECK_INT (seen[0].kind, MIR_CHECK_OVERRUN);
  CHECK_PTR (seen[0].block, block);
  bytes[-1] = 1;
  MIR_free (alloc, block);
  CHECK_INT (seen[2].kind, MIR_CHECK_UNDERRUN);
  MIR_free (alloc, other);
  finish (3);
}

static void writing_to_a_freed_block_is_found (void) {
  start ();
  volatile char *block = (volatile char *) MIR_malloc (alloc, 100);
  MIR_free (alloc, (void *) block);
  block[50] = 1;
  CHECK_INT (MIR_checking_verify (checking), 1);
  CHECK_INT (seen[0].kind, MIR_CHECK_FREED);
  finish (1);
}

static void realloc_always_moves (void) {
  start ();
  char *block = (char *) MIR_malloc (alloc, 100);
  char *moved = (char *) MIR_realloc (alloc, block, 100, 99);
  CHECK (moved != NULL && moved != block);
  MIR_free (alloc, moved);
  finish (0);
}

static void what_is_kept_is_limited (void) {
  start_with (10000, 0);
  for (int i = 0; i < 1000; i++) MIR_free (alloc, MIR_malloc (alloc, 500));
  CHECK (probe.live_bytes < 30000);
  finish (0);
}

static void what_is_kept_goes_when_memory_is_short (void) {
  start ();
  MIR_free (alloc, MIR_malloc (alloc, 500));
  size_t live = probe.live_blocks;
  probe_alloc_fail_after (&probe, 0, 0);
  void *block = MIR_malloc (alloc, 600);
  CHECK (block != NULL);
  CHECK_INT (probe.live_blocks, live);
  MIR_free (alloc, block);
  finish (0);
}

static void leaks_are_listed_with_labels (void) {
  start ();
  const char *before = MIR_heap_set_label ("the parser");
  CHECK_PTR (before, NULL);
  void *first = MIR_malloc (alloc, 10);
  CHECK_STR (MIR_heap_set_label ("the generator"), "the parser");
  void *second = MIR_malloc (alloc, 20);
  MIR_heap_set_label (before);
  MIR_free (alloc, MIR_malloc (alloc, 30));
  CHECK_INT (MIR_checking_each (checking, note, &probe), 2);
  CHECK_INT (seen[0].kind, MIR_CHECK_LEAK);
  CHECK_PTR (seen[0].block, first);
  CHECK_STR (seen[0].label, "the parser");
  CHECK_INT (seen[0].number, 1);
  CHECK_PTR (seen[1].block, second);
  CHECK_STR (seen[1].label, "the generator");
  CHECK_INT (seen[1].size, 20);
  seen_num = 0;
  finish (2); /* the leaks are reported again at the end */
}

static void stacks_are_taken_if_asked_for (void) {
  start_with (0, MIR_CHECK_MAX_FRAMES);
  void *block = MIR_malloc (alloc, 10);
  MIR_free (alloc, block);
  MIR_free (alloc, block);
  if (seen[0].frames_num == 0) {
    finish (1);
    tap_skip ("no stacks on this system");
  }
  CHECK (seen[0].frames_num <= MIR_CHECK_MAX_FRAMES);
  for (size_t i = 0; i < seen[0].frames_num; i++) CHECK (seen[0].frames[i] != NULL);
  finish (1);
}

static int free_twice_with_frames (void) {
  MIR_checking_options_t options = {.size = sizeof (options), .frames = MIR_CHECK_MAX_FRAMES};
  REQUIRE (MIR_checking_create (NULL, &options, &checking) == MIR_HEAP_OK);
  MIR_heap_set_label ("the parser");
  void *block = MIR_malloc (&checking->alloc, 10);
  MIR_free (&checking->alloc, block);
  MIR_free (&checking->alloc, block);
  return (int) MIR_checking_finish (checking);
}

/* One line about the block, then one for each frame: MODULE(NAME+0xOFFSET)[ADDRESS].  */
static void what_is_found_is_printed_with_its_frames (void) {
  char text[8000];
  CHECK_INT (run_child (free_twice_with_frames, text, sizeof (text)).status, 1);
  char *line = strchr (text, '\n');
  REQUIRE (line != NULL);
  CHECK (strncmp (text, "mir-alloc: ", 11) == 0);
  CHECK (strstr (text, ": freed twice; block 1, 10 bytes, for the parser\n") != NULL);
  if (line[1] == '\0') tap_skip ("no stacks on this system");
  CHECK (strstr (line, "test-heap-checking") != NULL);
  for (line++; *line != '\0'; line = strchr (line, '\n') + 1) {
    size_t len = strcspn (line, "\n");
    REQUIRE (line[len] == '\n');
    CHECK (line[len - 1] == ']' && memchr (line, '[', len) != NULL);
  }
}

static void many_live_blocks_are_found_quickly (void) {
  enum { BLOCKS = 20000 };
  static void *blocks[BLOCKS];
  size_t num = tap_scaled (BLOCKS);
  start ();
  for (size_t i = 0; i < num; i++) REQUIRE ((blocks[i] = MIR_malloc (alloc, i % 50)) != NULL);
  for (size_t i = 0; i < num; i++) MIR_free (alloc, blocks[(i * 7919) % num]);
  size_t twice = seen_num; /* nonzero if 7919 divides the number */
  MIR_checking_verify (checking);
  if (twice == 0)
    finish (0);
  else {
    MIR_checking_finish (checking);
    probe_alloc_finish (&probe);
  }
}

static void bad_options_are_refused (void) {
  MIR_checking_options_t options = {.size = sizeof (options), .frames = MIR_CHECK_MAX_FRAMES + 1};
  MIR_checking_t none;
  CHECK_INT (MIR_checking_create (NULL, &options, &none), MIR_HEAP_BAD_OPTION);
  options.frames = 0;
  options.size--;
  CHECK_INT (MIR_checking_create (NULL, &options, &none), MIR_HEAP_BAD_OPTION);
}

/* The block stays, with its number and label; the fence after it moves and is watched.  */
static void refused_shrinks_move_the_fence (void) {
  start ();
  char *block = (char *) MIR_malloc (alloc, 100);
  volatile char *bytes = block;
  memset (block, 'x', 100);
  probe_alloc_fail_after (&probe, 0, 1);
  CHECK_PTR (MIR_realloc (alloc, block, 100, 101), NULL);
  CHECK_PTR (MIR_realloc (alloc, block, 100, 100), block);
  CHECK_PTR (MIR_realloc (alloc, block, 100, 40), block);
  CHECK (block[0] == 'x' && block[39] == 'x');
  CHECK_INT (MIR_checking_verify (checking), 0);
  bytes[40] = 'x';
  CHECK_INT (MIR_checking_verify (checking), 1);
  CHECK_INT (seen[0].kind, MIR_CHECK_OVERRUN);
  CHECK_INT (seen[0].size, 40);
  bytes[40] = 'x';
  CHECK_PTR (MIR_realloc (alloc, block, 40, 0), block); /* finds that before it moves */
  CHECK_INT (seen[1].kind, MIR_CHECK_OVERRUN);
  CHECK_PTR (MIR_realloc (alloc, block, 7, 0), block);
  CHECK_INT (seen[2].kind, MIR_CHECK_WRONG_SIZE);
  probe_alloc_fail_after (&probe, -1, 0);
  block = (char *) MIR_realloc (alloc, block, 0, 10);
  MIR_free (alloc, block);
  finish (3);
}

int main (void) {
  TEST_RUN (nothing_is_found_in_what_is_right);
  TEST_RUN (wrong_old_size_is_found_and_put_right);
  TEST_RUN (double_free_is_found);
  TEST_RUN (foreign_pointers_are_found_and_not_touched);
  TEST_RUN (damage_around_a_block_is_found_once);
  TEST_RUN (writing_to_a_freed_block_is_found);
  TEST_RUN (realloc_always_moves);
  TEST_RUN (what_is_kept_is_limited);
  TEST_RUN (what_is_kept_goes_when_memory_is_short);
  TEST_RUN (leaks_are_listed_with_labels);
  TEST_RUN (stacks_are_taken_if_asked_for);
  TEST_RUN (what_is_found_is_printed_with_its_frames);
  TEST_RUN (many_live_blocks_are_found_quickly);
  TEST_RUN (bad_options_are_refused);
  TEST_RUN (refused_shrinks_move_the_fence);
  return tap_done ();
}
