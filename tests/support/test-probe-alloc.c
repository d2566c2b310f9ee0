/* The probe allocator itself: it must detect every violation of the contract.  */
#include "support/probe-alloc.h"

#include <string.h>

#include "support/tap.h"

static struct probe_alloc probe;

static void kept_promises_count_as_nothing (void) {
  probe_alloc_init (&probe);
  char *a = MIR_malloc (&probe.alloc, 10);
  char *b = MIR_calloc (&probe.alloc, 3, 7);
  REQUIRE (a != NULL && b != NULL);
  for (int i = 0; i < 21; i++) CHECK_INT (b[i], 0);
  memset (a, 'a', 10);
  char *moved = MIR_realloc (&probe.alloc, a, 10, 1000);
  REQUIRE (moved != NULL);
  CHECK (moved != a);
  CHECK (memcmp (moved, "aaaaaaaaaa", 10) == 0);
  CHECK_INT (probe.live_bytes, 1021);
  CHECK_INT (probe.calls, 3);
  MIR_free (&probe.alloc, moved);
  MIR_free (&probe.alloc, b);
  MIR_free (&probe.alloc, NULL);
  CHECK_INT (probe.frees, 2);
  CHECK_INT (probe.peak_bytes, 1031);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void writes_outside_a_block_are_seen_once (void) {
  probe_alloc_init (&probe);
  char *a = MIR_malloc (&probe.alloc, 10);
  REQUIRE (a != NULL);
  a[-1] = a[10] = 0;
  CHECK_INT (probe_alloc_check (&probe), 2);
  CHECK_INT (probe_alloc_check (&probe), 2);
  a[10] = 0;
  MIR_free (&probe.alloc, a);
  CHECK_INT (probe_alloc_finish (&probe), 3);
}

static void double_and_foreign_frees_are_seen_and_survived (void) {
  char foreign;
  probe_alloc_init (&probe);
  char *a = MIR_malloc (&probe.alloc, 10);
  MIR_free (&probe.alloc, a);
  MIR_free (&probe.alloc, a);
  MIR_free (&probe.alloc, &foreign);
  CHECK_PTR (MIR_realloc (&probe.alloc, &foreign, 1, 2), NULL);
  CHECK_INT (probe_alloc_finish (&probe), 3);
}

static void a_wrong_old_size_is_seen (void) {
  probe_alloc_init (&probe);
  char *a = MIR_malloc (&probe.alloc, 10);
  a = MIR_realloc (&probe.alloc, a, 9, 20);
  REQUIRE (a != NULL);
  MIR_free (&probe.alloc, a);
  CHECK_INT (probe_alloc_finish (&probe), 1);
}

static void leaked_blocks_are_counted (void) {
  probe_alloc_init (&probe);
  MIR_malloc (&probe.alloc, 1);
  MIR_malloc (&probe.alloc, 0);
  CHECK_INT (probe_alloc_finish (&probe), 2);
}

static void the_chosen_call_fails_and_keeps_the_old_block (void) {
  probe_alloc_init (&probe);
  probe_alloc_fail_after (&probe, 1, 0);
  char *a = MIR_malloc (&probe.alloc, 4);
  REQUIRE (a != NULL);
  memcpy (a, "abc", 4);
  CHECK_PTR (MIR_realloc (&probe.alloc, a, 4, 8), NULL);
  CHECK_STR (a, "abc");
  CHECK_INT (probe.failed, 1);
  char *b = MIR_malloc (&probe.alloc, 1);
  CHECK (b != NULL);
  probe_alloc_fail_after (&probe, 0, 1);
  CHECK_PTR (MIR_malloc (&probe.alloc, 1), NULL);
  CHECK_PTR (MIR_calloc (&probe.alloc, 1, 1), NULL);
  probe_alloc_fail_after (&probe, -1, 0);
  MIR_free (&probe.alloc, a);
  MIR_free (&probe.alloc, b);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

int main (void) {
  TEST_RUN (kept_promises_count_as_nothing);
  TEST_RUN (writes_outside_a_block_are_seen_once);
  TEST_RUN (double_and_foreign_frees_are_seen_and_survived);
  TEST_RUN (a_wrong_old_size_is_seen);
  TEST_RUN (leaked_blocks_are_counted);
  TEST_RUN (the_chosen_call_fails_and_keeps_the_old_block);
  return tap_done ();
}
