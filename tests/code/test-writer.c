/* Writers: code is reserved, written and committed, and refusals change nothing.  */
#include "code/space-fixture.h"

#include <pthread.h>
#include <stdio.h>

#include "os/os.h"

/*---------------- Reservations -----------------------------*/

static void committed_code_runs_where_it_was_promised (void) {
  MIR_code_place_t place = {.size = sizeof (place)};
  start ();
  for (unsigned i = 0; i < 1000; i++) {
    REQUIRE (MIR_code_reserve (writer, 100 + i * 7, 0, &place) == MIR_CODE_OK);
    CHECK (place.len >= 100 + i * 7);
    CHECK_INT ((uintptr_t) place.addr % GRANULE, 0);
    memset (place.buffer, 0, place.len);
    code_returning (place.buffer, i);
    REQUIRE (MIR_code_commit (writer, CODE_LEN, NULL) == MIR_CODE_OK);
    CHECK_INT (code_call (place.addr), i);
  }
  finish ();
}

static void what_is_not_used_is_free_again (void) {
  MIR_code_place_t place = {.size = sizeof (place)};
  MIR_code_piece_t piece = {.size = sizeof (piece)};
  start ();
  REQUIRE (MIR_code_reserve (writer, 10000, 0, &place) == MIR_CODE_OK);
  code_returning (place.buffer, 1);
  REQUIRE (MIR_code_commit (writer, CODE_LEN, NULL) == MIR_CODE_OK);
  REQUIRE (MIR_code_query (space, place.addr, &piece) == MIR_CODE_OK);
  CHECK_INT (piece.len, GRANULE);
  CHECK_PTR (publish (2), place.addr + GRANULE);
  finish ();
}

/* The resident bytes of files and shared memory; 0 if the system does not say.  */
static size_t shared_bytes (void) {
  size_t pages_num = 0;
  FILE *f = fopen ("/proc/self/statm", "r");
  if (f == NULL) return 0;
  if (fscanf (f, "%*u %*u %zu", &pages_num) != 1) pages_num = 0;
  fclose (f);
  return pages_num * mir_os_page_size ();
}

static void room_that_is_never_written_needs_no_memory (void) {
  enum { SIZE = 64 * 1024 * 1024 };
  MIR_code_place_t place = {.size = sizeof (place)};
  set_defaults ();
  options.alloc = NULL; /* the probing allocator touches the whole buffer */
  start_with_options ();
  size_t before = shared_bytes ();
  REQUIRE (MIR_code_reserve (writer, SIZE, 0, &place) == MIR_CODE_OK);
  code_returning (place.buffer, 1);
  REQUIRE (MIR_code_commit (writer, CODE_LEN, NULL) == MIR_CODE_OK);
  CHECK_INT (code_call (place.addr), 1);
  size_t after = shared_bytes ();
  tap_note ("%zu KiB more", (after - before) / 1024);
  CHECK (after - before < SIZE / 4);
  finish ();
}

static void an_aborted_reservation_leaves_nothing (void) {
  MIR_code_place_t place = {.size = sizeof (place)}, again = {.size = sizeof (again)};
  start ();
  REQUIRE (MIR_code_reserve (writer, 5000, 0, &place) == MIR_CODE_OK);
  CHECK_INT (MIR_code_abort (writer), MIR_CODE_OK);
  CHECK_INT (stats ().pieces, 0);
  REQUIRE (MIR_code_reserve (writer, 5000, 0, &again) == MIR_CODE_OK);
  CHECK_PTR (again.addr, place.addr);
  CHECK_INT (MIR_code_abort (writer), MIR_CODE_OK);
  finish ();
}

static void reservations_are_aligned_as_asked (void) {
  MIR_code_place_t place = {.size = sizeof (place)};
  start ();
  for (unsigned i = 0; i < 500; i++) {
    size_t alignment = (size_t) 1 << tap_random () % 13;
    REQUIRE (MIR_code_reserve (writer, 1 + tap_random () % 3000, alignment, &place) == MIR_CODE_OK);
    CHECK_INT ((uintptr_t) place.addr % alignment, 0);
    if (tap_random () % 4 == 0) {
      CHECK_INT (MIR_code_abort (writer), MIR_CODE_OK);
      continue;
    }
    if (place.len < CODE_LEN) continue;
    code_returning (place.buffer, i);
    CHECK_INT (MIR_code_commit (writer, CODE_LEN, NULL), MIR_CODE_OK);
    CHECK_INT (code_call (place.addr), i);
    CHECK (mir_space_check (space));
  }
  finish ();
}

static void wrong_order_and_sizes_are_refused (void) {
  uint8_t code[CODE_LEN] = {0}, *addr = NULL;
  MIR_code_place_t place = {.size = sizeof (place)};
  start ();
  CHECK_INT (MIR_code_commit (writer, 1, NULL), MIR_CODE_BAD_ORDER);
  CHECK_INT (MIR_code_abort (writer), MIR_CODE_BAD_ORDER);
  CHECK_INT (MIR_code_batch_end (writer), MIR_CODE_BAD_ORDER);
  CHECK_INT (MIR_code_reserve (writer, 0, 0, &place), MIR_CODE_TOO_LARGE);
  CHECK_INT (MIR_code_reserve (writer, SIZE_MAX, 0, &place), MIR_CODE_TOO_LARGE);
  CHECK_INT (MIR_code_reserve (writer, 1, 3, &place), MIR_CODE_BAD_OPTION);
  CHECK_INT (MIR_code_reserve (writer, 1, 8192, &place), MIR_CODE_BAD_OPTION);
  CHECK_INT (MIR_code_publish (writer, code, 0, NULL, &addr), MIR_CODE_TOO_LARGE);
  CHECK_INT (MIR_code_publish (writer, code, SIZE_MAX, NULL, &addr), MIR_CODE_TOO_LARGE);
  REQUIRE (MIR_code_reserve (writer, 100, 0, &place) == MIR_CODE_OK);
  CHECK_INT (MIR_code_reserve (writer, 100, 0, &place), MIR_CODE_BAD_ORDER);
  CHECK_INT (MIR_code_publish (writer, code, CODE_LEN, NULL, &addr), MIR_CODE_BAD_ORDER);
  CHECK_INT (MIR_code_batch_begin (writer), MIR_CODE_BAD_ORDER);
  CHECK_INT (MIR_code_commit (writer, place.len + 1, NULL), MIR_CODE_TOO_LARGE);
  CHECK_INT (MIR_code_commit (writer, 0, NULL), MIR_CODE_TOO_LARGE);
  CHECK_INT (MIR_code_abort (writer), MIR_CODE_OK);
  CHECK_PTR (addr, NULL);
  finish ();
}

static void check_not_published (const uint8_t *addr) {
  CHECK_INT (MIR_code_free (space, addr), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_free_now (space, addr), MIR_CODE_NOT_OURS);
  CHECK (mir_space_check (space));
}

static void what_is_not_published_yet_cannot_be_freed (void) {
  MIR_code_place_t place = {.size = sizeof (place)};
  uint8_t code[CODE_LEN], *addr, *other;
  start ();
  code_returning (code, 5);
  for (int batch = 0; batch < 2; batch++) {
    if (batch) REQUIRE (MIR_code_batch_begin (writer) == MIR_CODE_OK);
    REQUIRE (MIR_code_publish (writer, code, CODE_LEN, NULL, &addr) == MIR_CODE_OK);
    if (batch) check_not_published (addr);
    REQUIRE (MIR_code_reserve (writer, 5000, 256, &place) == MIR_CODE_OK);
    check_not_published (place.addr);
    CHECK_INT (MIR_code_abort (writer), MIR_CODE_OK);
    REQUIRE (MIR_code_reserve (writer, 5000, 256, &place) == MIR_CODE_OK);
    check_not_published (place.addr);
    memcpy (place.buffer, code, CODE_LEN);
    REQUIRE (MIR_code_commit (writer, CODE_LEN, NULL) == MIR_CODE_OK);
    if (batch) check_not_published (place.addr);
    if (batch) REQUIRE (MIR_code_batch_end (writer) == MIR_CODE_OK);
    REQUIRE ((other = publish (6)) != NULL);
    CHECK_INT (code_call (place.addr), 5);
    CHECK_INT (code_call (addr), 5);
    CHECK_INT (MIR_code_free_now (space, place.addr), MIR_CODE_OK);
    CHECK_INT (MIR_code_free_now (space, addr), MIR_CODE_OK);
    CHECK_INT (code_call (other), 6);
  }
  CHECK_INT (stats ().pieces, 2);
  finish ();
}

/*---------------- Tags -----------------------------*/

static void a_query_tells_start_size_and_tag (void) {
  enum { FUNCS = 2000 };
  static uint8_t *funcs[FUNCS];
  uint8_t code[400] = {0};
  MIR_code_piece_t piece = {.size = sizeof (piece)};
  start ();
  for (unsigned i = 0; i < FUNCS; i++) {
    MIR_code_info_t info = {sizeof (info), NULL, i % 3 == 0 ? 0 : i};
    REQUIRE (MIR_code_publish (writer, code, 1 + i % 400, &info, &funcs[i]) == MIR_CODE_OK);
  }
  for (unsigned i = 0; i < FUNCS; i += 2)
    CHECK_INT (MIR_code_free_now (space, funcs[i]), MIR_CODE_OK);
  for (unsigned i = 1; i < FUNCS; i += 2) {
    REQUIRE (MIR_code_query (space, funcs[i] + i % 400, &piece) == MIR_CODE_OK);
    CHECK_PTR (piece.start, funcs[i]);
    CHECK_INT (piece.tag, i % 3 == 0 ? 0 : i);
    CHECK_INT (piece.freed, 0);
  }
  CHECK_INT (MIR_code_query (space, code, &piece), MIR_CODE_NOT_OURS);
  finish ();
}

/*---------------- Refusals -----------------------------*/

/* Publish in every way.  0 if all of them succeed.  */
static int use_all_ways (void) {
  static uint8_t code[100];
  MIR_code_info_t info = {sizeof (info), "name", 5};
  MIR_code_place_t place = {.size = sizeof (place)};
  MIR_code_cell_t *cell;
  uint8_t *addr;
  code_returning (code, 3);
  if (MIR_code_publish (writer, code, sizeof (code), &info, &addr) != MIR_CODE_OK) return -1;
  if (MIR_code_reserve (writer, 6000, 64, &place) != MIR_CODE_OK) return -1;
  memcpy (place.buffer, code, sizeof (code));
  if (MIR_code_commit (writer, CODE_LEN, &info) != MIR_CODE_OK) {
    CHECK_INT (MIR_code_abort (writer), MIR_CODE_OK);
    return -1;
  }
  CHECK_INT (code_call (place.addr), 3);
  REQUIRE (MIR_code_batch_begin (writer) == MIR_CODE_OK);
  int failed = 0;
  for (int i = 0; i < 40; i++)
    failed |= MIR_code_publish (writer, code, sizeof (code), &info, &addr) != MIR_CODE_OK;
  if (MIR_code_batch_end (writer) != MIR_CODE_OK || failed) return -1;
  if (MIR_code_cell_new (space, addr, &cell) != MIR_CODE_OK) return -1;
  MIR_code_cell_free (space, cell);
  return 0;
}

static void each_refused_block_is_one_failure (void) {
  int n, failed = 1;
  for (n = 0; failed; n++) {
    set_defaults ();
    options.code_alloc = NULL;
    probe_alloc_fail_after (&data, n, 0);
    failed = MIR_code_space_create (&options, &space) != MIR_CODE_OK;
    if (!failed && (failed = MIR_code_writer_create (space, &writer) != MIR_CODE_OK))
      MIR_code_space_finish (space);
    else if (!failed) {
      failed = use_all_ways () != 0;
      probe_alloc_fail_after (&data, -1, 0);
      CHECK (mir_space_check (space));
      CHECK_INT (use_all_ways (), 0);
      MIR_code_space_finish (space); /* and the writer */
    }
    CHECK_INT (probe_alloc_finish (&data), 0);
  }
  tap_note ("%d points where memory can be refused", n - 1);
  CHECK (n > 8);
}

static void each_refused_protection_is_one_failure (void) {
  int n, failed = 1;
  for (n = 0; failed; n++) {
    start_flip ();
    uint8_t *older = publish (7);
    pages.fail_protect_in = n;
    failed = use_all_ways () != 0;
    pages.fail_protect_in = -1;
    CHECK (probe_code_all_closed (&pages));
    CHECK_INT (code_call (older), 7);
    CHECK_INT (use_all_ways (), 0);
    finish ();
  }
  tap_note ("%d points where a protection can be refused", n - 1);
  CHECK (n > 4);
}

/*---------------- Threads -----------------------------*/

enum { WORKERS = 4, LIVE = 100 };

struct worker {
  unsigned number, wrong;
  pthread_t thread;
};

/* Publish with a writer of this thread, call, and free, every second time with a grace period.  */
static void *work (void *arg) {
  struct worker *self = (struct worker *) arg;
  uint8_t *funcs[LIVE] = {NULL}, code[CODE_LEN];
  unsigned values[LIVE] = {0};
  MIR_code_writer_t own;
  if (MIR_code_writer_create (space, &own) != MIR_CODE_OK) {
    self->wrong = 1;
    return NULL;
  }
  for (unsigned n = 0; n < tap_scaled (20000); n++) {
    unsigned i = n * 7 % LIVE;
    if (funcs[i] != NULL) {
      self->wrong += code_call (funcs[i]) != values[i];
      self->wrong +=
          (n % 2 == 0 ? MIR_code_free_now : MIR_code_free) (space, funcs[i]) != MIR_CODE_OK;
    }
    values[i] = self->number * 1000000 + n;
    code_returning (code, values[i]);
    if (n % 50 == 0) self->wrong += MIR_code_batch_begin (own) != MIR_CODE_OK;
    self->wrong += MIR_code_publish (own, code, CODE_LEN, NULL, &funcs[i]) != MIR_CODE_OK;
    if (n % 50 == 20) self->wrong += MIR_code_batch_end (own) != MIR_CODE_OK;
    if (n % 50 < 20) { /* may not be run yet: forget it */
      values[i] = n;
      funcs[i] = NULL;
    }
    if (n % 1000 == 999)
      self->wrong += MIR_code_reclaim (space, MIR_code_grace_begin (space)) != MIR_CODE_OK;
  }
  MIR_code_writer_finish (own);
  return NULL;
}

static void writers_in_several_threads (void) {
  struct worker workers[WORKERS] = {{0}};
  start ();
  for (unsigned i = 0; i < WORKERS; i++) {
    workers[i].number = i;
    REQUIRE (pthread_create (&workers[i].thread, NULL, work, &workers[i]) == 0);
  }
  for (unsigned i = 0; i < WORKERS; i++) {
    pthread_join (workers[i].thread, NULL);
    CHECK_INT (workers[i].wrong, 0);
  }
  finish ();
}

static void a_pool_is_taken_over_by_the_next_writer (void) {
  start ();
  for (int i = 0; i < 100; i++) {
    MIR_code_writer_finish (writer);
    REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
    REQUIRE (publish (1) != NULL);
  }
  CHECK_INT (stats ().mappings, 1);
  CHECK_INT (stats ().writers, 1);
  finish ();
}

int main (void) {
  TEST_RUN (committed_code_runs_where_it_was_promised);
  TEST_RUN (what_is_not_used_is_free_again);
  TEST_RUN (room_that_is_never_written_needs_no_memory);
  TEST_RUN (an_aborted_reservation_leaves_nothing);
  TEST_RUN (reservations_are_aligned_as_asked);
  TEST_RUN (wrong_order_and_sizes_are_refused);
  TEST_RUN (what_is_not_published_yet_cannot_be_freed);
  TEST_RUN (a_query_tells_start_size_and_tag);
  TEST_RUN (each_refused_block_is_one_failure);
  TEST_RUN (each_refused_protection_is_one_failure);
  TEST_RUN (writers_in_several_threads);
  TEST_RUN (a_pool_is_taken_over_by_the_next_writer);
  return tap_done ();
}
