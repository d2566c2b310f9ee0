/* Patches: whole words while threads run them, any bytes while no thread does.  */
#include "code/space-fixture.h"

#include <pthread.h>
#include <stdatomic.h>

static void a_word_is_replaced_and_its_neighbours_are_kept (void) {
  uint8_t bytes[64], *addr;
  start ();
  for (int i = 0; i < 64; i++) bytes[i] = (uint8_t) i;
  REQUIRE (MIR_code_publish (writer, bytes, sizeof (bytes), NULL, &addr) == MIR_CODE_OK);
  for (size_t len = 1; len <= 8; len++)
    for (size_t offset = 0; offset + len <= 64; offset++) {
      uint8_t word[8];
      for (size_t i = 0; i < len; i++) word[i] = bytes[offset + i] = (uint8_t) tap_random ();
      int whole = offset % 8 + len <= 8;
      CHECK_INT (MIR_code_patch (space, addr + offset, word, len),
                 whole ? MIR_CODE_OK : MIR_CODE_NOT_ATOMIC);
      if (!whole) CHECK_INT (MIR_code_patch_stopped (space, addr + offset, word, len), MIR_CODE_OK);
      CHECK_INT (memcmp (addr, bytes, sizeof (bytes)), 0);
    }
  finish ();
}

static void check_not_patched (uint8_t *addr, size_t size) {
  uint8_t word[8] = {0};
  for (size_t offset = 0; offset < size; offset += 8) {
    REQUIRE (MIR_code_patch (space, addr + offset, word, 8) == MIR_CODE_NOT_OURS);
    REQUIRE (MIR_code_patch_stopped (space, addr + offset, word, 8) == MIR_CODE_NOT_OURS);
  }
  CHECK_INT (MIR_code_patch (space, addr, word, 1), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_patch_stopped (space, addr, word, 1), MIR_CODE_NOT_OURS);
}

/* Reserved, in a batch that has not ended, or behind what was committed.  */
static void what_is_not_published_is_not_patched (void) {
  MIR_code_place_t place = {.size = sizeof (place)};
  uint8_t code[100] = {0}, *addr;
  start ();
  for (int batch = 0; batch < 2; batch++) {
    code_returning (code, 5);
    if (batch) REQUIRE (MIR_code_batch_begin (writer) == MIR_CODE_OK);
    REQUIRE (MIR_code_publish (writer, code, sizeof (code), NULL, &addr) == MIR_CODE_OK);
    if (batch) check_not_patched (addr, sizeof (code));
    REQUIRE (MIR_code_reserve (writer, 1000, 64, &place) == MIR_CODE_OK);
    check_not_patched (place.addr, place.len);
    memcpy (place.buffer, code, CODE_LEN);
    REQUIRE (MIR_code_commit (writer, CODE_LEN, NULL) == MIR_CODE_OK);
    check_not_patched (place.addr + (batch ? 0 : GRANULE), place.len - GRANULE);
    if (batch) REQUIRE (MIR_code_batch_end (writer) == MIR_CODE_OK);
    CHECK_INT (code_call (place.addr), 5);
    CHECK_INT (code_call (addr), 5);
    code_returning (code, 6);
    CHECK_INT (MIR_code_patch_stopped (space, addr, code, CODE_LEN), MIR_CODE_OK);
    CHECK_INT (MIR_code_patch_stopped (space, place.addr, code, CODE_LEN), MIR_CODE_OK);
    CHECK_INT (code_call (place.addr), 6);
    CHECK_INT (code_call (addr), 6);
  }
  REQUIRE (MIR_code_reserve (writer, 1000, 0, &place) == MIR_CODE_OK);
  CHECK_INT (MIR_code_abort (writer), MIR_CODE_OK);
  check_not_patched (place.addr, place.len);
  finish ();
}

static void what_is_no_code_is_not_patched (void) {
  uint8_t word[64] = {0};
  MIR_code_cell_t *cell;
  start ();
  uint8_t *func = publish (1), *gone = publish (2);
  CHECK_INT (MIR_code_free_now (space, gone), MIR_CODE_OK);
  CHECK_INT (MIR_code_patch (space, gone, word, 8), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_patch (space, NULL, word, 8), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_patch (space, word, word, 1), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_patch (space, func, word, 0), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_patch (space, func, word, 9), MIR_CODE_NOT_ATOMIC);
  CHECK_INT (MIR_code_patch (space, func, word, SIZE_MAX), MIR_CODE_NOT_ATOMIC);
  CHECK_INT (MIR_code_patch_stopped (space, func, word, 0), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_patch_stopped (space, func, word, 33), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_patch_stopped (space, func, word, SIZE_MAX), MIR_CODE_TOO_LARGE);
  REQUIRE (MIR_code_cell_new (space, func, &cell) == MIR_CODE_OK);
  CHECK_INT (MIR_code_patch (space, cell, word, sizeof (cell)), MIR_CODE_NOT_OURS);
  CHECK_INT (code_call (func), 1);
  finish ();
}

static void a_back_end_without_whole_words_says_so (void) {
  set_defaults ();
  options.backends = MIR_CODE_PROCMEM;
  start_with_options ();
  uint8_t word[CODE_LEN], *func = publish (1);
  REQUIRE (func != NULL);
  code_returning (word, 2);
  CHECK_INT (MIR_code_patch (space, func, word, 1), MIR_CODE_NOT_ATOMIC);
  CHECK_INT (MIR_code_patch_stopped (space, func, word, CODE_LEN), MIR_CODE_OK);
  CHECK_INT (code_call (func), 2);
  finish ();
}

static void a_refused_patch_changes_nothing (void) {
  int n = 0;
  MIR_code_status_t status;
  uint8_t word[CODE_LEN];
  start_flip ();
  uint8_t *func = publish (1);
  code_returning (word, 2);
  do {
    pages.fail_protect_in = n++;
    status = MIR_code_patch (space, func, word, CODE_LEN < 8 ? CODE_LEN : 8);
    pages.fail_protect_in = -1;
    if (status == MIR_CODE_OK) break;
    CHECK_INT (status, MIR_CODE_WRITE_REFUSED);
    CHECK_INT (code_call (func), 1);
    CHECK (probe_code_all_closed (&pages));
  } while (n < 50);
  tap_note ("%d points where a protection can be refused", n - 1);
  CHECK (n > 1);
  finish ();
}

/*---------------- Cells -----------------------------*/

static void cells_keep_their_targets (void) {
  enum { CELLS = 3000 };
  static MIR_code_cell_t *cells[CELLS];
  start ();
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < CELLS; i++)
      REQUIRE (MIR_code_cell_new (space, &cells[i], &cells[i]) == MIR_CODE_OK);
    for (size_t i = 0; i < CELLS; i += 2) MIR_code_cell_set (cells[i], &cells[CELLS - 1 - i]);
    for (size_t i = 0; i < CELLS; i++)
      CHECK_PTR (MIR_code_cell_get (cells[i]), i % 2 == 0 ? &cells[CELLS - 1 - i] : &cells[i]);
    for (size_t i = 0; i < CELLS; i++) MIR_code_cell_free (space, cells[i]);
  }
  MIR_code_cell_free (space, NULL);
  CHECK (data.live_bytes < 40000); /* cells were used again */
  finish ();
}

/*---------------- Threads -----------------------------*/

#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64)
enum { PATCHES = 1000000, CAN_TEAR = 1 };
#else
/* Two instructions make the constant: a word has one value of either.  */
enum { PATCHES = 1000, CAN_TEAR = 0 };
#endif

static uint8_t *shared_func;
static atomic_int patching;
static atomic_size_t runs, torn;

/* The constant has the same byte four times.  */
static int is_whole (unsigned value) {
  return value == (value & 0xff) * 0x01010101u;
}

static void *run_shared (void *arg) {
  size_t n = 0, bad = 0;
  (void) arg;
  do {
    bad += !is_whole (code_call (shared_func));
    n++;
  } while (atomic_load (&patching));
  atomic_fetch_add (&runs, n);
  atomic_fetch_add (&torn, bad);
  return NULL;
}

static void no_thread_sees_a_torn_word (void) {
  pthread_t threads[2];
  uint8_t code[CODE_LEN];
  size_t n = tap_scaled (PATCHES);
  if (!CAN_TEAR) tap_skip ("here a constant takes two instructions, which are not one word");
  start ();
  shared_func = publish (0);
  atomic_store (&patching, 1);
  for (int i = 0; i < 2; i++) REQUIRE (pthread_create (&threads[i], NULL, run_shared, NULL) == 0);
  for (size_t i = 1; i <= n; i++) {
    code_returning (code, (unsigned) (i & 0xff) * 0x01010101u);
    if (MIR_code_patch (space, shared_func, code, CODE_LEN) != MIR_CODE_OK)
      atomic_fetch_add (&torn, 1);
  }
  atomic_store (&patching, 0);
  for (int i = 0; i < 2; i++) pthread_join (threads[i], NULL);
  tap_note ("%zu patches under %zu calls: %zu torn", n, (size_t) runs, (size_t) torn);
  CHECK_INT (torn, 0);
  CHECK_INT (stats ().patched, n);
  finish ();
}

int main (void) {
  TEST_RUN (a_word_is_replaced_and_its_neighbours_are_kept);
  TEST_RUN (what_is_no_code_is_not_patched);
  TEST_RUN (what_is_not_published_is_not_patched);
  TEST_RUN (a_back_end_without_whole_words_says_so);
  TEST_RUN (a_refused_patch_changes_nothing);
  TEST_RUN (cells_keep_their_targets);
  TEST_RUN (no_thread_sees_a_torn_word);
  return tap_done ();
}
