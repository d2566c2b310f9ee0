/* Batches: at the end all code of a batch may be run, or none of it exists.  */
#include "code/space-fixture.h"

enum { BATCH = 100 };

/* Publish every other function through a reservation.  */
static void fill_batch (uint8_t **funcs) {
  REQUIRE (MIR_code_batch_begin (writer) == MIR_CODE_OK);
  for (unsigned i = 0; i < BATCH; i++) {
    uint8_t code[600] = {0};
    MIR_code_info_t info = {sizeof (info), NULL, i + 1};
    MIR_code_place_t place = {.size = sizeof (place)};
    code_returning (code, i);
    if (i % 2 == 0) {
      REQUIRE (MIR_code_publish (writer, code, CODE_LEN + i, &info, &funcs[i]) == MIR_CODE_OK);
      continue;
    }
    REQUIRE (MIR_code_reserve (writer, 1000, 64, &place) == MIR_CODE_OK);
    memcpy (place.buffer, code, sizeof (code));
    funcs[i] = place.addr;
    REQUIRE (MIR_code_commit (writer, CODE_LEN + i, &info) == MIR_CODE_OK);
  }
}

static void run_batches (void) {
  uint8_t *funcs[BATCH];
  for (int round = 0; round < 5; round++) {
    fill_batch (funcs);
    REQUIRE (MIR_code_batch_end (writer) == MIR_CODE_OK);
    for (unsigned i = 0; i < BATCH; i++) CHECK_INT (code_call (funcs[i]), i);
    for (unsigned i = 0; i < BATCH; i += 2)
      CHECK_INT (MIR_code_free_now (space, funcs[i]), MIR_CODE_OK);
  }
  CHECK_INT (stats ().pieces, 5 * BATCH / 2);
  CHECK_INT (stats ().published, 5 * BATCH);
}

static void batches_run_after_their_end (void) {
  start ();
  run_batches ();
  finish ();
}

static void batches_run_on_each_back_end_and_level (void) {
  for (unsigned bit = 1; bit <= MIR_CODE_RWX; bit *= 2)
    for (int level = MIR_CODE_OPEN_ALIAS; level <= MIR_CODE_SEALED; level++) {
      set_defaults ();
      options.backends = bit;
      options.protection = (MIR_code_protection_t) level;
      if (MIR_code_space_create (&options, &space) != MIR_CODE_OK) continue;
      REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
      run_batches ();
      tap_note ("%s at level %d: %llu system calls for %llu functions", stats ().backend, level,
                (unsigned long long) stats ().system_calls,
                (unsigned long long) stats ().published);
      finish ();
    }
}

static void a_batch_opens_its_pages_once (void) {
  uint8_t *funcs[BATCH];
  start_flip ();
  REQUIRE (publish (1) != NULL);
  size_t protects = pages.protects;
  fill_batch (funcs);
  CHECK_INT (pages.protects, protects);
  REQUIRE (MIR_code_batch_end (writer) == MIR_CODE_OK);
  tap_note ("%zu protection changes for %d functions", pages.protects - protects, BATCH);
  CHECK (pages.protects - protects <= 6);
  CHECK (probe_code_all_closed (&pages));
  finish ();
}

static void a_refused_batch_does_not_exist (void) {
  uint8_t *funcs[BATCH];
  MIR_code_piece_t piece = {.size = sizeof (piece)};
  int n = 0;
  MIR_code_status_t status;
  start_flip ();
  uint8_t *older = publish (7);
  do {
    fill_batch (funcs);
    pages.fail_protect_in = n++;
    status = MIR_code_batch_end (writer);
    pages.fail_protect_in = -1;
    if (status == MIR_CODE_OK) break;
    CHECK_INT (status, MIR_CODE_WRITE_REFUSED);
    for (unsigned i = 0; i < BATCH; i++)
      CHECK_INT (MIR_code_query (space, funcs[i], &piece), MIR_CODE_NOT_OURS);
    CHECK_INT (stats ().pieces, 1);
    CHECK_INT (stats ().published, 1);
    CHECK_INT (stats ().published_bytes, CODE_LEN);
    CHECK (mir_space_check (space));
    CHECK_INT (code_call (older), 7);
    CHECK (probe_code_all_closed (&pages));
  } while (n < 100);
  tap_note ("%d points where a protection can be refused", n - 1);
  CHECK (n > 1);
  for (unsigned i = 0; i < BATCH; i++) CHECK_INT (code_call (funcs[i]), i);
  finish ();
}

static void a_writer_which_ends_in_the_middle_leaves_nothing (void) {
  uint8_t *funcs[BATCH];
  MIR_code_place_t place = {.size = sizeof (place)};
  start ();
  fill_batch (funcs);
  REQUIRE (MIR_code_reserve (writer, 100, 0, &place) == MIR_CODE_OK);
  MIR_code_writer_finish (writer);
  writer = NULL;
  CHECK_INT (stats ().pieces, 0);
  CHECK_INT (stats ().writers, 0);
  finish ();
}

int main (void) {
  TEST_RUN (batches_run_after_their_end);
  TEST_RUN (batches_run_on_each_back_end_and_level);
  TEST_RUN (a_batch_opens_its_pages_once);
  TEST_RUN (a_refused_batch_does_not_exist);
  TEST_RUN (a_writer_which_ends_in_the_middle_leaves_nothing);
  return tap_done ();
}
