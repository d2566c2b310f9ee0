/* The checking allocator finds each broken promise once, and goes on working.  */
#include "mir-heap.h"

#include <pthread.h>
#include <stdatomic.h>
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
static void *shared_block; /* of the functions below, whose names reports show */

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

/* The barriers keep the compiler from making jumps of the calls, and one function of two.  */

__attribute__ ((noinline)) static void make_block (void) {
  shared_block = MIR_malloc (alloc, 100);
  __asm__ volatile ("" : : : "memory");
}

__attribute__ ((noinline)) static void drop_block (const char *label) {
  const char *before = MIR_heap_set_label (label);
  MIR_free (alloc, shared_block);
  MIR_heap_set_label (before);
}

__attribute__ ((noinline)) static void drop_again (void) {
  MIR_free (alloc, shared_block);
  __asm__ volatile ("" : : : "memory");
}

static int is_unknown (const MIR_check_call_t *call) {
  static const MIR_check_call_t none;
  return memcmp (call, &none, sizeof (none)) == 0;
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

static void the_first_free_is_known (void) {
  start ();
  MIR_heap_set_label ("the parser");
  make_block ();
  drop_block ("the generator");
  MIR_heap_set_label (NULL);
  drop_again ();
  *(volatile char *) shared_block = 1;
  MIR_checking_verify (checking);
  CHECK_INT (seen[0].kind, MIR_CHECK_DOUBLE_FREE);
  CHECK_INT (seen[1].kind, MIR_CHECK_FREED);
  for (int i = 0; i < 2; i++) {
    CHECK_STR (seen[i].label, "the parser");
    CHECK_STR (seen[i].freed.label, "the generator");
    CHECK (is_unknown (&seen[i].noticed)); /* no label, and no frames asked for */
    CHECK_INT (seen[i].frames_num + seen[i].freed.frames_num, 0);
  }
  finish (2);
}

static void a_realloc_is_known_as_the_first_free (void) {
  start ();
  make_block ();
  MIR_heap_set_label ("the generator");
  void *moved = MIR_realloc (alloc, shared_block, 100, 200);
  MIR_heap_set_label ("the linker");
  CHECK_PTR (MIR_realloc (alloc, shared_block, 100, 200), NULL);
  MIR_heap_set_label (NULL);
  CHECK_INT (seen[0].kind, MIR_CHECK_DOUBLE_FREE);
  CHECK_STR (seen[0].freed.label, "the generator");
  CHECK_STR (seen[0].noticed.label, "the linker");
  MIR_free (alloc, moved);
  finish (1);
}

static void only_freed_blocks_have_a_first_free (void) {
  start_with (0, MIR_CHECK_MAX_FRAMES);
  MIR_heap_set_label ("the parser");
  make_block ();
  MIR_free (alloc, (char *) shared_block + 1);
  void *moved = MIR_realloc (alloc, shared_block, 1, 100);
  ((volatile char *) moved)[100] = 1;
  MIR_checking_verify (checking);
  MIR_heap_set_label (NULL);
  MIR_checking_finish (checking);
  CHECK_INT (probe_alloc_finish (&probe), 0);
  CHECK_INT (seen_num, 4);
  for (size_t i = 0; i < 4; i++) CHECK (is_unknown (&seen[i].freed));
  CHECK_INT (seen[0].kind, MIR_CHECK_FOREIGN);
  CHECK_STR (seen[0].noticed.label, "the parser");
  CHECK_INT (seen[3].kind, MIR_CHECK_LEAK);
  CHECK (is_unknown (&seen[3].noticed));
}

/* What is known of a block is forgotten with it.  */
static void a_block_that_was_given_back_is_foreign (void) {
  start_with (1, MIR_CHECK_MAX_FRAMES);
  make_block ();
  drop_block ("the generator");
  drop_again ();
  CHECK_INT (seen[0].kind, MIR_CHECK_FOREIGN);
  CHECK (is_unknown (&seen[0].freed));
  finish (1);
}

static void stacks_are_taken_if_asked_for (void) {
  enum { FRAMES = 3 };
  start_with (0, FRAMES);
  make_block ();
  drop_block (NULL);
  drop_again ();
  finish (1);
  if (seen[0].frames_num == 0) tap_skip ("no stacks on this system");
  CHECK_INT (seen[0].frames_num, FRAMES);
  CHECK_INT (seen[0].freed.frames_num, FRAMES);
  CHECK_INT (seen[0].noticed.frames_num, FRAMES);
  for (size_t i = 0; i < MIR_CHECK_MAX_FRAMES; i++) {
    CHECK_INT (seen[0].frames[i] != NULL, i < FRAMES);
    CHECK_INT (seen[0].freed.frames[i] != NULL, i < FRAMES);
    CHECK_INT (seen[0].noticed.frames[i] != NULL, i < FRAMES);
  }
  CHECK (seen[0].frames[0] != seen[0].freed.frames[0]);
  CHECK (seen[0].freed.frames[0] != seen[0].noticed.frames[0]);
}

/* docs/allocators.md, on 64-bit systems.  */
static void a_block_costs_what_the_page_says (void) {
  static const struct {
    unsigned frames;
    size_t bytes;
  } costs[] = {{0, 128}, {4, 192}, {MIR_CHECK_MAX_FRAMES, 384}};
  if (sizeof (void *) != 8) tap_skip ("less on this CPU");
  for (size_t i = 0; i < sizeof (costs) / sizeof (costs[0]); i++) {
    start_with (0, costs[i].frames);
    size_t before = probe.live_bytes;
    void *block = MIR_malloc (alloc, 48);
    CHECK_INT (probe.live_bytes - before, 48 + costs[i].bytes);
    MIR_free (alloc, block);
    finish (0);
  }
}

/*---------------- Threads that free the same block -----------------------------*/

enum { FREEING = 4, RACES = 200 };
static const char *const labels[FREEING] = {"one", "two", "three", "four"};
static pthread_barrier_t race;
static _Atomic size_t findings, wrong; /* those whose calls make no sense */

/* One of the threads was the first.  */
static void note_race (void *user_data, const MIR_check_t *check) {
  (void) user_data;
  int first = -1, now = -1;
  for (int i = 0; i < FREEING; i++) {
    if (check->freed.label == labels[i]) first = i;
    if (check->noticed.label == labels[i]) now = i;
  }
  if (check->kind != MIR_CHECK_DOUBLE_FREE || first < 0 || now < 0 || first == now) wrong++;
  findings++;
}

static void *free_in_a_race (void *arg) {
  MIR_heap_set_label (labels[(size_t) arg]);
  for (size_t i = 0; i < tap_scaled (RACES); i++) {
    pthread_barrier_wait (&race);
    MIR_free (alloc, shared_block);
    pthread_barrier_wait (&race);
  }
  return NULL;
}

static void of_threads_that_free_one_is_the_first (void) {
  MIR_checking_options_t options = {
      .size = sizeof (options), .func = note_race, .quarantine = 1 << 20, .frames = 2};
  pthread_t threads[FREEING];
  REQUIRE (MIR_checking_create (NULL, &options, &checking) == MIR_HEAP_OK);
  alloc = &checking->alloc;
  REQUIRE (pthread_barrier_init (&race, NULL, FREEING + 1) == 0);
  for (size_t i = 0; i < FREEING; i++)
    REQUIRE (pthread_create (&threads[i], NULL, free_in_a_race, (void *) i) == 0);
  for (size_t i = 0; i < tap_scaled (RACES); i++) {
    make_block ();
    pthread_barrier_wait (&race);
    pthread_barrier_wait (&race);
  }
  for (size_t i = 0; i < FREEING; i++) pthread_join (threads[i], NULL);
  pthread_barrier_destroy (&race);
  CHECK_INT (findings, (FREEING - 1) * tap_scaled (RACES));
  CHECK_INT (wrong, 0);
  CHECK_INT (MIR_checking_finish (checking), findings);
}

/*---------------- The text -----------------------------*/

static unsigned frames_of_child;

static int free_twice (void) {
  MIR_checking_options_t options = {.size = sizeof (options), .frames = frames_of_child};
  REQUIRE (MIR_checking_create (NULL, &options, &checking) == MIR_HEAP_OK);
  alloc = &checking->alloc;
  MIR_heap_set_label ("the parser");
  make_block ();
  drop_block ("the generator");
  MIR_heap_set_label (NULL);
  drop_again ();
  return (int) MIR_checking_finish (checking);
}

/* Check that TEXT continues with the line START, and return what is behind it.  */
static const char *after_line (const char *text, const char *start) {
  size_t len = strlen (start);
  int is_there = strncmp (text, start, len) == 0 && text[len] == '\n';
  if (!is_there) tap_note ("not \"%s\" but: %s", start, text);
  CHECK (is_there);
  return is_there ? text + len + 1 : text + strlen (text);
}

/* Check that TEXT continues with frames, MODULE(NAME+0xOFFSET)[ADDRESS], and that the first has
   NAME, and return what is behind them.  */
static const char *after_frames (const char *text, const char *name) {
  const char *begin = strstr (text, name), *end = strchr (text, '\n');
  CHECK (strncmp (text, "    ", 4) == 0 && end != NULL);
  if (begin == NULL || end < begin) tap_note ("%s is not called by its name: %s", name, text);
  CHECK (begin != NULL && begin < end && strstr (text, "test-heap-checking") < begin);
  for (; strncmp (text, "    ", 4) == 0; text = strchr (text, '\n') + 1) {
    size_t len = strcspn (text, "\n");
    REQUIRE (text[len] == '\n');
    CHECK (text[len - 1] == ']' && memchr (text, '[', len) != NULL);
  }
  return text;
}

/* The first line of a report without its address; the rest is in *REST.  */
static void check_head (const char *text, const char *head, const char **rest) {
  REQUIRE (strncmp (text, "mir-alloc: ", 11) == 0);
  *rest = strchr (text, ' ');
  *rest = strchr (*rest + 1, ' ');
  REQUIRE (*rest != NULL);
  *rest = after_line (*rest + 1, head);
}

static void what_is_found_is_printed (void) {
  static char text[16000];
  const char *rest;
  frames_of_child = 0;
  CHECK_INT (run_child (free_twice, text, sizeof (text)).status, 1);
  check_head (text, "freed twice; block 1, 100 bytes, for the parser", &rest);
  CHECK_STR (after_line (rest, "  freed first for the generator"), "");
}

/* No function here is exported, so the names are from the symbol table.  */
static void calls_are_printed_with_their_functions (void) {
  static char text[16000];
  const char *rest;
  frames_of_child = MIR_CHECK_MAX_FRAMES;
  CHECK_INT (run_child (free_twice, text, sizeof (text)).status, 1);
  check_head (text, "freed twice; block 1, 100 bytes, for the parser", &rest);
  if (strchr (rest, ':') == NULL) tap_skip ("no stacks on this system");
  if (!HAS_ELF_SYMBOLS) tap_skip ("no names of static functions on this system");
  rest = after_frames (after_line (rest, "  freed again at:"), "(drop_again");
  rest = after_frames (after_line (rest, "  freed first for the generator at:"), "(drop_block");
  rest = after_frames (after_line (rest, "  allocated for the parser at:"), "(make_block");
  CHECK_STR (rest, "");
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
  TEST_RUN (the_first_free_is_known);
  TEST_RUN (a_realloc_is_known_as_the_first_free);
  TEST_RUN (only_freed_blocks_have_a_first_free);
  TEST_RUN (a_block_that_was_given_back_is_foreign);
  TEST_RUN (stacks_are_taken_if_asked_for);
  TEST_RUN (a_block_costs_what_the_page_says);
  TEST_RUN (of_threads_that_free_one_is_the_first);
  TEST_RUN (what_is_found_is_printed);
  TEST_RUN (calls_are_printed_with_their_functions);
  TEST_RUN (many_live_blocks_are_found_quickly);
  TEST_RUN (bad_options_are_refused);
  TEST_RUN (refused_shrinks_move_the_fence);
  return tap_done ();
}
