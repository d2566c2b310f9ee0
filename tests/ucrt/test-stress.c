/* Twenty thousand blocks of every kind are in use by four threads while a fifth loads the DLL.  */

#include <stddef.h>
#include <stdlib.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "ucrt/fixture.h"
#include "ucrt/stress-blocks.h"
#include "support/tap.h"

enum { BLOCKS = 20000, THREADS = 4, STEPS = 25000 /* per thread and half */ };

static struct stress_block blocks[BLOCKS];
static volatile long go_on = 1, failures;
static const char *volatile first_failure;
static volatile long half_done; /* threads that have done their steps before the DLL is loaded */
static int aligned_recalloc;    /* Wine's own runtime lacks it */

static void note (const char *failure) {
  if (InterlockedIncrement (&failures) == 1) first_failure = failure;
}

static void step (uint64_t *state) {
  struct stress_block *block = &blocks[stress_random (state) % BLOCKS];
  if (InterlockedExchange (&block->taken, 1) != 0) return; /* another thread has it */
  const char *failure = stress_step (block, state, aligned_recalloc);
  if (failure != NULL) note (failure);
  InterlockedExchange (&block->taken, 0);
}

/* Continue while the DLL is loaded, however long that takes.  */
static DWORD WINAPI work (void *arg) {
  uint64_t state = (uintptr_t) arg;
  size_t steps = tap_scaled (STEPS);
  for (size_t i = 0; i < steps && failures == 0; i++) step (&state);
  InterlockedIncrement (&half_done);
  while (go_on && failures == 0) step (&state);
  for (size_t i = 0; i < steps && failures == 0; i++) step (&state);
  return 0;
}

static int make_blocks (uint64_t *state) {
  for (int i = 0; i < BLOCKS; i++)
    if (stress_make (&blocks[i], state) != 0) return -1;
  return 0;
}

static void threads_use_old_blocks_while_the_dll_is_loaded (void) {
  uint64_t state = tap_random () | 1;
  HANDLE threads[THREADS];
  REQUIRE (make_blocks (&state) == 0);
  aligned_recalloc = getenv ("TEST_CRT_COMPLETE") != NULL;
  for (uintptr_t i = 0; i < THREADS; i++) {
    threads[i] = CreateThread (NULL, 0, work, (void *) (uintptr_t) (tap_random () | 1), 0, NULL);
    REQUIRE (threads[i] != NULL);
  }
  while (half_done == 0 && failures == 0) Sleep (1);
  ULONGLONG start = GetTickCount64 ();
  int loaded = fixture_load_late ();
  ULONGLONG end = GetTickCount64 ();
  Sleep (20);
  InterlockedExchange (&go_on, 0);
  WaitForMultipleObjects (THREADS, threads, TRUE, INFINITE);
  CHECK_INT (loaded, 0);
  CHECK_STR (first_failure, NULL);
  for (int i = 0; i < THREADS; i++) CloseHandle (threads[i]);
  if (getenv ("TEST_LATE") != NULL) tap_note ("loading took %d ms", (int) (end - start));
}

static void every_block_is_whole_and_moves_to_our_heap (void) {
  int touched = 0, wrong = 0, not_ours = 0, were_old = 0;
  /* Wine's own heap inspects every free block to find one.  */
  int step = fixture_expects_dll () ? 1 : 100;
  for (int i = 0; i < BLOCKS; i += step) {
    touched += blocks[i].steps != 0;
    were_old += fixture_is_ours (blocks[i].p) == 0;
    wrong += stress_move (&blocks[i]) != NULL;
    if (fixture_expects_dll ()) not_ours += fixture_is_ours (blocks[i].p) != 1;
  }
  CHECK_INT (wrong, 0);
  CHECK_INT (not_ours, 0);
  tap_note ("%d of %d blocks were used by the threads, %d were still old after it", touched, BLOCKS,
            were_old);
  for (int i = 0; i < BLOCKS; i++) stress_free (&blocks[i]);
}

static void the_status_tells_of_it (void) {
  if (!fixture_expects_dll ()) tap_skip ("without the DLL");
  const MIR_ucrt_status_t *status = fixture_status ();
  REQUIRE (status != NULL);
  int late = getenv ("TEST_LATE") != NULL;
  CHECK_STR (fixture_state_name (status->state), "active");
  CHECK_STR (status->reason, "");
  REQUIRE (status->crts_num >= 1);
  CHECK_INT (status->crts[0].late, late);
  uint64_t migrated = fixture_counter (offsetof (MIR_ucrt_counters_t, migrated));
  uint64_t freed = fixture_counter (offsetof (MIR_ucrt_counters_t, foreign_freed));
  tap_note ("%d migrated, %d freed into their heap, %u retries", (int) migrated, (int) freed,
            (unsigned) status->crts[0].retries);
  if (late) {
    CHECK (migrated > 0);
    CHECK (migrated + freed
           <= BLOCKS * 2u + 1000); /* each foreign block once, and the CRT's own few */
  }
  CHECK_INT (fixture_check (), 0);
}

int main (void) {
  TEST_RUN (threads_use_old_blocks_while_the_dll_is_loaded);
  TEST_RUN (every_block_is_whole_and_moves_to_our_heap);
  TEST_RUN (the_status_tells_of_it);
  return tap_done ();
}
