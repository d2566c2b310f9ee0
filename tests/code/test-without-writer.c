/* Publishing, changing and thunks in a space without a writer, as MIR's functions need them; what those of
   mir.h make of it is in test-code, test-thunk and test-code-refusal.  */
#include "code/space-fixture.h"

#include <pthread.h>

#include "mir.h" /* MIR_code_reloc_t */

static const uint8_t zeros[256 * 1024];

static const char *last_name;
static uint64_t last_tag;
static const uint8_t *last_start;
static int events_num;

static void on_published (void *user_data, const MIR_code_event_t *events, size_t num) {
  (void) user_data;
  CHECK_INT (num, 1);
  last_name = events->name;
  last_tag = events->tag;
  last_start = events->start;
  events_num++;
}

static MIR_code_hooks_t hooks = {.size = sizeof (hooks), .published = on_published};

static void start_with_hooks (void) {
  set_defaults ();
  options.hooks = &hooks;
  events_num = 0;
  start_with_options ();
}

static uint64_t tag_of (const uint8_t *addr) {
  MIR_code_piece_t piece = {.size = sizeof (piece)};
  CHECK_INT (MIR_code_query (space, addr, &piece), MIR_CODE_OK);
  CHECK_PTR (piece.start, addr);
  return piece.tag;
}

static void code_has_a_name_and_a_tag (void) {
  MIR_code_info_t info = {.size = sizeof (info), .name = "one", .tag = 17};
  uint8_t code[CODE_LEN], *first, *second;
  start_with_hooks ();
  code_returning (code, 1);
  REQUIRE (MIR_code_space_publish (space, code, CODE_LEN, &info, &first) == MIR_CODE_OK);
  CHECK_STR (last_name, "one");
  CHECK_INT (last_tag, 17);
  CHECK_PTR (last_start, first);
  CHECK_INT (tag_of (first), 17);
  info.name = "two";
  info.tag = 18;
  code_returning (code, 2);
  REQUIRE (MIR_code_next_addr (space, CODE_LEN, &second) == MIR_CODE_OK);
  REQUIRE (MIR_code_publish_at (space, second, code, CODE_LEN, &info) == MIR_CODE_OK);
  CHECK_STR (last_name, "two");
  CHECK_INT (last_tag, 18);
  CHECK_PTR (last_start, second);
  CHECK_INT (tag_of (second), 18);
  CHECK_INT (events_num, 2);
  CHECK_INT (code_call (first), 1);
  CHECK_INT (code_call (second), 2);
  CHECK_INT (MIR_code_free_now (space, second), MIR_CODE_OK);
  finish ();
}

static void an_info_of_no_version_is_refused (void) {
  MIR_code_info_t info = {.size = sizeof (info) + 1};
  uint8_t code[CODE_LEN], *addr = NULL, *next;
  start_with_hooks ();
  code_returning (code, 1);
  CHECK_INT (MIR_code_space_publish (space, code, CODE_LEN, &info, &addr), MIR_CODE_BAD_OPTION);
  CHECK_PTR (addr, NULL);
  REQUIRE (MIR_code_next_addr (space, CODE_LEN, &next) == MIR_CODE_OK);
  CHECK_INT (MIR_code_publish_at (space, next, code, CODE_LEN, &info), MIR_CODE_BAD_OPTION);
  CHECK_INT (events_num, 0);
  CHECK_INT (stats ().pieces, 0);
  CHECK_INT (MIR_code_publish_at (space, next, code, CODE_LEN, NULL), MIR_CODE_OK);
  finish ();
}

static void lengths_that_cannot_be_are_refused (void) {
  uint8_t *addr = NULL, *next;
  start ();
  CHECK_INT (MIR_code_space_publish (space, zeros, 0, NULL, &addr), MIR_CODE_TOO_LARGE);
  CHECK_INT (MIR_code_space_publish (space, zeros, SIZE_MAX, NULL, &addr), MIR_CODE_TOO_LARGE);
  CHECK_INT (MIR_code_next_addr (space, SIZE_MAX, &addr), MIR_CODE_TOO_LARGE);
  CHECK_PTR (addr, NULL);
  REQUIRE (MIR_code_next_addr (space, 0, &next) == MIR_CODE_OK);
  CHECK_INT (MIR_code_publish_at (space, next, zeros, 0, NULL), MIR_CODE_OK);
  CHECK_INT (stats ().pieces, 0);
  CHECK_INT (MIR_code_publish_at (space, next, zeros, SIZE_MAX, NULL), MIR_CODE_TAKEN);
  CHECK_INT (MIR_code_publish_at (space, next + 1, zeros, 1, NULL), MIR_CODE_TAKEN);
  CHECK_INT (MIR_code_publish_at (space, (uint8_t *) &data, zeros, 1, NULL), MIR_CODE_TAKEN);
  CHECK_INT (MIR_code_publish_at (space, next, zeros, 1, NULL), MIR_CODE_OK);
  CHECK_INT (MIR_code_publish_at (space, next, zeros, 1, NULL), MIR_CODE_TAKEN);
  finish ();
}

/* With a tag: one more table may have to grow.  */
static void refused_memory_is_a_status_and_changes_nothing (void) {
  MIR_code_info_t info = {.size = sizeof (info), .tag = 1};
  long points = 0;
  for (long n = 0, done = 0; !done; n++) {
    uint8_t *addr = NULL, *next = NULL;
    start ();
    REQUIRE (MIR_code_next_addr (space, 64, &next) == MIR_CODE_OK);
    MIR_code_stats_t before = stats ();
    probe_alloc_fail_after (&data, n, 1);
    MIR_code_status_t at = MIR_code_publish_at (space, next, zeros, 64, &info);
    MIR_code_status_t anywhere = MIR_code_space_publish (space, zeros, 64, &info, &addr);
    done = at == MIR_CODE_OK && anywhere == MIR_CODE_OK;
    points += !done;
    CHECK (at == MIR_CODE_OK || at == MIR_CODE_NO_MEMORY);
    CHECK (anywhere == MIR_CODE_OK || anywhere == MIR_CODE_NO_MEMORY);
    CHECK_INT (stats ().pieces, before.pieces + (at == MIR_CODE_OK) + (anywhere == MIR_CODE_OK));
    probe_alloc_fail_after (&data, -1, 0);
    finish ();
  }
  tap_note ("%ld points where memory can be refused", points);
  CHECK (points > 0);
}

static void a_change_is_within_one_published_block (void) {
  uint8_t code[CODE_LEN], *func;
  start ();
  code_returning (code, 5);
  REQUIRE (MIR_code_space_publish (space, code, CODE_LEN, NULL, &func) == MIR_CODE_OK);
  code_returning (code, 6);
  CHECK_INT (MIR_code_change (space, func, code, 0), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_change (space, func, zeros, 4096), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_change (space, &data, code, CODE_LEN), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_change (space, func, zeros, SIZE_MAX), MIR_CODE_TOO_LARGE);
  CHECK_INT (code_call (func), 5);
  CHECK_INT (MIR_code_change (space, func, code, CODE_LEN), MIR_CODE_OK);
  CHECK_INT (code_call (func), 6);
  CHECK_INT (MIR_code_free (space, func), MIR_CODE_OK);
  CHECK_INT (MIR_code_change (space, func, code, CODE_LEN), MIR_CODE_NOT_OURS);
  finish ();
}

static void an_update_stores_all_pointers_or_none (void) {
  MIR_code_reloc_t relocs[] = {{0, &data}, {24, &space}, {40, &writer}};
  uint8_t *addr, before[64];
  void *stored;
  start ();
  REQUIRE (MIR_code_space_publish (space, zeros, 64, NULL, &addr) == MIR_CODE_OK);
  CHECK_INT (MIR_code_update (space, addr, 0, NULL), MIR_CODE_OK);
  CHECK_INT (MIR_code_update (space, addr, 3, relocs), MIR_CODE_OK);
  for (int i = 0; i < 3; i++) {
    memcpy (&stored, addr + relocs[i].offset, sizeof (stored));
    CHECK_PTR (stored, relocs[i].value);
  }
  memcpy (before, addr, sizeof (before));
  relocs[0].value = NULL;
  relocs[2].offset = 64 - sizeof (void *) + 1;
  CHECK_INT (MIR_code_update (space, addr, 3, relocs), MIR_CODE_NOT_OURS);
  relocs[2].offset = SIZE_MAX;
  CHECK_INT (MIR_code_update (space, addr, 3, relocs), MIR_CODE_NOT_OURS);
  CHECK_INT (memcmp (before, addr, sizeof (before)), 0);
  finish ();
}

static void a_thunk_is_code_with_a_target (void) {
  uint8_t code[CODE_LEN], *one, *two;
  void *thunk = NULL;
  start ();
  code_returning (code, 1);
  REQUIRE (MIR_code_space_publish (space, code, CODE_LEN, NULL, &one) == MIR_CODE_OK);
  code_returning (code, 2);
  REQUIRE (MIR_code_space_publish (space, code, CODE_LEN, NULL, &two) == MIR_CODE_OK);
  MIR_code_status_t status = MIR_code_thunk_new (space, one, &thunk);
  if (status == MIR_CODE_NO_THUNKS) {
    finish ();
    tap_skip ("%s", MIR_code_status_text (status));
  }
  REQUIRE (status == MIR_CODE_OK);
  CHECK_PTR (MIR_code_thunk_get (thunk), one);
  CHECK_INT (code_call (thunk), 1);
  CHECK_INT (MIR_code_thunk_set (space, thunk, two), MIR_CODE_OK);
  CHECK_PTR (MIR_code_thunk_get (thunk), two);
  CHECK_INT (code_call (thunk), 2);
  CHECK_INT (MIR_code_thunk_set (space, one, two), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_thunk_set (space, &data, two), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_free_now (space, thunk), MIR_CODE_OK);
  CHECK_INT (MIR_code_thunk_set (space, thunk, two), MIR_CODE_NOT_OURS);
  finish ();
}

static void memory_refused_for_a_thunk_leaves_no_cell (void) {
  long n = 0;
  for (MIR_code_status_t status = MIR_CODE_NO_MEMORY; status == MIR_CODE_NO_MEMORY; n++) {
    void *thunk = NULL;
    start ();
    probe_alloc_fail_after (&data, n, 1);
    status = MIR_code_thunk_new (space, NULL, &thunk);
    if (status != MIR_CODE_OK) CHECK_PTR (thunk, NULL);
    CHECK (status == MIR_CODE_OK || status == MIR_CODE_NO_MEMORY || status == MIR_CODE_NO_THUNKS);
    CHECK_INT (stats ().pieces, status == MIR_CODE_OK);
    probe_alloc_fail_after (&data, -1, 0);
    finish ();
  }
  tap_note ("MIR_code_thunk_new: %ld points where memory can be refused", n - 1);
}

static void a_space_maps_at_once_if_asked (void) {
  set_defaults ();
  start_with_options ();
  CHECK_INT (stats ().mapped_bytes, 0);
  finish ();
  set_defaults ();
  options.map_at_once = 1;
  start_with_options ();
  CHECK (stats ().mapped_bytes > 0);
  CHECK_INT (stats ().pieces, 0);
  finish ();
}

static void a_space_that_cannot_map_at_once_is_not_created (void) {
  set_defaults ();
  probe_code_alloc_init (&pages);
  options.code_alloc = &pages.alloc;
  options.map_at_once = 1;
  pages.fail_map_in = 0;
  space = NULL;
  CHECK_INT (MIR_code_space_create (&options, &space), MIR_CODE_MAP_REFUSED);
  CHECK_PTR (space, NULL);
  CHECK_INT (probe_alloc_finish (&data), 0);
  CHECK_INT (probe_code_alloc_finish (&pages), 0);
}

enum { THREADS = 4, ROUNDS = 300 };

/* Publish, redirect, call and free; 0 if all was right.  */
static void *use_the_space (void *arg) {
  unsigned id = (unsigned) (uintptr_t) arg;
  intptr_t wrong = 0;
  void *thunk = NULL;
  int has_thunk = MIR_code_thunk_new (space, NULL, &thunk) == MIR_CODE_OK;
  for (unsigned i = 0; i < ROUNDS; i++) {
    uint8_t code[CODE_LEN], *func = NULL;
    code_returning (code, id * ROUNDS + i);
    if (MIR_code_space_publish (space, code, CODE_LEN, NULL, &func) != MIR_CODE_OK) return arg;
    if (has_thunk) wrong += MIR_code_thunk_set (space, thunk, func) != MIR_CODE_OK;
    wrong += code_call (has_thunk ? thunk : func) != id * ROUNDS + i;
    wrong += MIR_code_free_now (space, func) != MIR_CODE_OK;
  }
  return (void *) wrong;
}

static void threads_share_a_space_without_writers (void) {
  pthread_t threads[THREADS];
  start ();
  for (uintptr_t i = 0; i < THREADS; i++)
    REQUIRE (pthread_create (&threads[i], NULL, use_the_space, (void *) (i + 1)) == 0);
  for (int i = 0; i < THREADS; i++) {
    void *wrong;
    pthread_join (threads[i], &wrong);
    CHECK_PTR (wrong, NULL);
  }
  finish ();
}

/* Code in memory of the program's own: on x86 there is nothing to flush, but it may not crash.  */
static void any_memory_can_be_flushed (void) {
  uint8_t bytes[100] = {0};
  MIR_code_flush (bytes, sizeof (bytes));
  MIR_code_flush (bytes, 0);
  CHECK (MIR_code_reach () >= 1024 * 1024);
}

int main (void) {
  TEST_RUN (code_has_a_name_and_a_tag);
  TEST_RUN (an_info_of_no_version_is_refused);
  TEST_RUN (lengths_that_cannot_be_are_refused);
  TEST_RUN (refused_memory_is_a_status_and_changes_nothing);
  TEST_RUN (a_change_is_within_one_published_block);
  TEST_RUN (an_update_stores_all_pointers_or_none);
  TEST_RUN (a_thunk_is_code_with_a_target);
  TEST_RUN (memory_refused_for_a_thunk_leaves_no_cell);
  TEST_RUN (a_space_maps_at_once_if_asked);
  TEST_RUN (a_space_that_cannot_map_at_once_is_not_created);
  TEST_RUN (threads_share_a_space_without_writers);
  TEST_RUN (any_memory_can_be_flushed);
  return tap_done ();
}
