/* HTAB: the contract of each operation.  */
#include "mir-htab.h"

#include <stdint.h>

#include "support/probe-alloc.h"
#include "support/tap.h"

DEF_HTAB (int)

static struct probe_alloc probe;
static HTAB (int) *tab;
static int hash_calls, eq_calls;

/* Numbers are equal if their last five digits are, so that the element found can be told from the
   argument: 100042 finds 42.  */
static htab_hash_t number_hash (int number, void *arg) {
  CHECK_PTR (arg, &probe);
  hash_calls++;
  return (htab_hash_t) (number % 100000) * 2654435761u;
}

static int number_eq (int a, int b, void *arg) {
  CHECK_PTR (arg, &probe);
  eq_calls++;
  return a % 100000 == b % 100000;
}

static void setup (htab_size_t min_size) {
  probe_alloc_init (&probe);
  HTAB_CREATE (int, tab, &probe.alloc, min_size, number_hash, number_eq, &probe);
  REQUIRE (tab != NULL);
  hash_calls = eq_calls = 0;
}

static void teardown (void) {
  HTAB_DESTROY (int, tab);
  CHECK_PTR (tab, NULL);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void insert (int from, int below) {
  for (int i = from; i < below; i++) {
    int result = -1;
    CHECK_INT (HTAB_DO (int, tab, i, HTAB_INSERT, result), FALSE);
    CHECK_INT (result, i);
  }
}

static void delete (int from, int below) {
  int untouched = -1;
  for (int i = from; i < below; i++)
    CHECK_INT (HTAB_DO (int, tab, i, HTAB_DELETE, untouched), TRUE);
  CHECK_INT (untouched, -1);
}

static void an_empty_table_has_nothing_and_needs_no_block (void) {
  setup (1000);
  int result = -1;
  CHECK_INT (HTAB_DO (int, tab, 1, HTAB_FIND, result), FALSE);
  CHECK_INT (HTAB_DO (int, tab, 1, HTAB_DELETE, result), FALSE);
  CHECK_INT (result, -1);
  CHECK_INT (HTAB_ELS_NUM (int, tab), 0);
  HTAB_CLEAR (int, tab);
  CHECK_INT (probe.calls, 1);
  teardown ();
}

static void insert_keeps_the_first_of_two_equal_elements (void) {
  setup (0);
  int result = -1;
  CHECK_INT (HTAB_DO (int, tab, 42, HTAB_INSERT, result), FALSE);
  CHECK_INT (result, 42);
  CHECK_INT (HTAB_DO (int, tab, 100042, HTAB_INSERT, result), TRUE);
  CHECK_INT (result, 42);
  CHECK_INT (HTAB_ELS_NUM (int, tab), 1);
  teardown ();
}

static void find_gives_what_is_in_the_table (void) {
  setup (0);
  insert (0, 100);
  int result = 100042;
  CHECK_INT (HTAB_DO (int, tab, result, HTAB_FIND, result), TRUE);
  CHECK_INT (result, 42);
  result = 200;
  CHECK_INT (HTAB_DO (int, tab, result, HTAB_FIND, result), FALSE);
  CHECK_INT (result, 200);
  teardown ();
}

static void replace_takes_the_place_of_an_equal_element (void) {
  setup (0);
  int result = -1;
  CHECK_INT (HTAB_DO (int, tab, 42, HTAB_REPLACE, result), FALSE);
  CHECK_INT (result, 42);
  CHECK_INT (HTAB_DO (int, tab, 100042, HTAB_REPLACE, result), TRUE);
  CHECK_INT (result, 100042);
  CHECK_INT (HTAB_DO (int, tab, 42, HTAB_FIND, result), TRUE);
  CHECK_INT (result, 100042);
  CHECK_INT (HTAB_ELS_NUM (int, tab), 1);
  teardown ();
}

static void delete_leaves_the_result_alone (void) {
  setup (0);
  insert (0, 10);
  int result = 100007;
  CHECK_INT (HTAB_DO (int, tab, result, HTAB_DELETE, result), TRUE);
  CHECK_INT (result, 100007);
  CHECK_INT (HTAB_DO (int, tab, result, HTAB_DELETE, result), FALSE);
  CHECK_INT (HTAB_DO (int, tab, result, HTAB_FIND, result), FALSE);
  CHECK_INT (HTAB_ELS_NUM (int, tab), 9);
  teardown ();
}

static void collect (int number, void *arg) {
  VARR_PUSH (htab_ind_t, (VARR (htab_ind_t) *) arg, (htab_ind_t) number);
}

static void foreach_goes_in_the_order_of_insertion (void) {
  setup (0);
  insert (0, 100);
  delete (10, 90);
  insert (50, 52); /* inserted again: now last */
  int replaced;
  CHECK_INT (HTAB_DO (int, tab, 100003, HTAB_REPLACE, replaced), TRUE);
  VARR (htab_ind_t) *seen;
  VARR_CREATE (htab_ind_t, seen, &probe.alloc, 0);
  HTAB_FOREACH_ELEM (int, tab, collect, seen);
  REQUIRE (VARR_LENGTH (htab_ind_t, seen) == 22);
  for (size_t i = 0; i < 22; i++) {
    size_t expected = i == 3 ? 100003 : i < 10 ? i : i < 20 ? i + 80 : i + 30;
    CHECK_INT (VARR_GET (htab_ind_t, seen, i), expected);
  }
  VARR_DESTROY (htab_ind_t, seen);
  teardown ();
}

static void delete_if_odd (int number, void *arg) {
  int untouched;
  ++*(int *) arg;
  if (number % 2 != 0) CHECK_INT (HTAB_DO (int, tab, number, HTAB_DELETE, untouched), TRUE);
}

static void foreach_may_delete_what_it_is_at (void) {
  setup (0);
  insert (0, 1000);
  int calls = 0;
  HTAB_FOREACH_ELEM (int, tab, delete_if_odd, &calls);
  CHECK_INT (calls, 1000);
  CHECK_INT (HTAB_ELS_NUM (int, tab), 500);
  teardown ();
}

static void a_cleared_table_can_be_filled_again (void) {
  setup (0);
  for (int round = 1; round < 2000; round = round * 5 / 4 + 1) {
    insert (0, round);
    CHECK_INT (HTAB_ELS_NUM (int, tab), round);
    HTAB_CLEAR (int, tab);
    int result;
    CHECK_INT (HTAB_ELS_NUM (int, tab), 0);
    CHECK_INT (HTAB_DO (int, tab, 0, HTAB_FIND, result), FALSE);
  }
  size_t peak = probe.live_bytes;
  insert (0, 1);
  HTAB_CLEAR (int, tab);
  insert (0, 1);
  CHECK (probe.live_bytes < peak / 8);
  teardown ();
}

static void one_hash_per_operation_and_eq_only_for_equal_hashes (void) {
  enum { N = 10000 };
  setup (0);
  insert (0, N);
  CHECK_INT (hash_calls, N);
  CHECK_INT (eq_calls, 0);
  int result;
  for (int i = 0; i < 2 * N; i++) HTAB_DO (int, tab, i, HTAB_FIND, result);
  CHECK_INT (hash_calls, 3 * N);
  CHECK_INT (eq_calls, N);
  delete (0, N);
  CHECK_INT (hash_calls, 4 * N);
  CHECK_INT (eq_calls, 2 * N);
  tap_note ("%u collisions in %d searches", HTAB_COLLISIONS (int, tab), 4 * N);
  CHECK (HTAB_COLLISIONS (int, tab) < 4 * N);
  teardown ();
}

static void min_size_saves_rebuilds (void) {
  setup (1000);
  insert (0, 16);
  CHECK_INT (probe.calls, 2); /* the table, and the block of a tiny one */
  insert (16, 17);
  CHECK_INT (probe.calls, 3);
  size_t calls = probe.calls;
  insert (17, 1000);
  CHECK_INT (probe.calls, calls);
  teardown ();
}

static int numbers_of (HTAB (int) *table, int *numbers) {
  htab_size_t i;
  int *el, num = 0;
  HTAB_EACH (int, table, i, el) numbers[num++] = *el;
  return num;
}

/* Tiny and larger, with and without holes, at each place.  */
static void each_visits_all_in_order (void) {
  static int seen[300];
  htab_size_t i;
  for (int num = 0; num < 300; num = num * 3 / 2 + 1) {
    setup (0);
    insert (0, num);
    CHECK_INT (numbers_of (tab, seen), num);
    for (int k = 0; k < num; k++) CHECK_INT (seen[k], k);
    for (int k = 0; k < num; k += 3) delete (k, k + 1);
    CHECK_INT (numbers_of (tab, seen), num - (num + 2) / 3);
    for (int k = 0, n = 0; k < num; k++)
      if (k % 3 != 0) CHECK_INT (seen[n++], k);
    teardown ();
  }
  int *el, left = 0;
  setup (0);
  insert (0, 100);
  HTAB_EACH (int, tab, i, el) { /* break, continue, and a body that deletes and changes */
    if (*el % 2 == 0) continue;
    if (*el > 50) break;
    if (*el == 49) delete (49, 100);
    *el += 100000; /* another number with the same key */
  }
  HTAB_EACH (int, tab, i, el)
  if (*el > 100000)
    left++;
  else
    CHECK_INT (*el % 2, 0);
  CHECK_INT (left, 24);
  for (int is_wanted = 0; is_wanted < 2; is_wanted++) { /* an else behind it is not the loop's */
    if (is_wanted)
      HTAB_EACH (int, tab, i, el) left++;
    else
      left = -7;
  }
  CHECK_INT (left, -7 + (int) HTAB_ELS_NUM (int, tab));
  teardown ();
}

static void a_copy_has_the_same_and_is_its_own (void) {
  static int seen[400], copied[400];
  for (int num = 0; num < 400; num = num * 3 / 2 + 1)
    for (int holes = 0; holes < 4; holes++) {
      struct probe_alloc other;
      HTAB (int) *copy;
      int res = -1;
      probe_alloc_init (&other);
      setup (0);
      insert (0, num);
      if (holes == 1) delete (0, num / 2);
      if (holes == 2) delete (num / 2, num);
      for (int k = 0; holes == 3 && k < num; k += 2) delete (k, k + 1);
      hash_calls = eq_calls = 0;
      HTAB_COPY (int, copy, &other.alloc, tab, NULL, &probe);
      REQUIRE (copy != NULL);
      CHECK_INT (hash_calls + eq_calls, 0);
      int here = numbers_of (tab, seen);
      CHECK_INT (numbers_of (copy, copied), here);
      CHECK (memcmp (seen, copied, (size_t) here * sizeof (int)) == 0);
      for (int k = 0; k < here; k++) CHECK (HTAB_DO (int, copy, seen[k], HTAB_FIND, res));
      if (here > 0) CHECK (HTAB_DO (int, copy, seen[0], HTAB_DELETE, res));
      for (int k = 1000; k < 1100; k++) CHECK (!HTAB_DO (int, copy, k, HTAB_INSERT, res));
      if (here > 0) CHECK (HTAB_DO (int, tab, seen[0], HTAB_FIND, res));
      CHECK (!HTAB_DO (int, tab, 1000, HTAB_FIND, res));
      HTAB_CLEAR (int, tab);
      CHECK_INT (HTAB_ELS_NUM (int, copy), here - (here > 0) + 100);
      HTAB_DESTROY (int, copy);
      CHECK_INT (probe_alloc_finish (&other), 0);
      teardown ();
    }
}

static void a_new_table_is_small (void) {
  setup (0);
  tap_note ("%zu bytes", probe.peak_bytes);
  CHECK (probe.peak_bytes <= 160);
  insert (0, 1);
  HTAB_CLEAR (int, tab);
  size_t calls = probe.calls;
  insert (0, 16);
  CHECK_INT (probe.calls, calls);
  teardown ();
}

static void churn (size_t pairs, unsigned live, uint64_t (*choose) (void)) {
  static int numbers[128];
  int next = 0, untouched = 0;
  for (unsigned i = 0; i < live; i++) numbers[i] = next++;
  insert (0, next);
  for (; pairs != 0; pairs--) {
    int *number = &numbers[choose () % live];
    CHECK_INT (HTAB_DO (int, tab, *number, HTAB_DELETE, untouched), TRUE);
    *number = next++ % 100000;
    while (HTAB_DO (int, tab, *number, HTAB_INSERT, untouched)) *number = next++ % 100000;
  }
  CHECK_INT (HTAB_ELS_NUM (int, tab), live);
}

static uint64_t the_oldest (void) {
  static uint64_t n;
  return n++;
}

static uint64_t the_newest (void) {
  return 0;
}

static void memory_is_bounded_by_the_live_elements_under_churn (void) {
  static uint64_t (*const choices[]) (void) = {the_oldest, the_newest, tap_random};
  for (int i = 0; i < 3; i++) {
    setup (0);
    churn (tap_scaled (10000000), 100, choices[i]);
    tap_note ("peak of %zu bytes", probe.peak_bytes);
    CHECK (probe.peak_bytes < 65536);
    teardown ();
  }
}

static void holes_are_used_again_without_memory (void) {
  setup (0);
  insert (0, 100);
  delete (1, 60); /* leaves no other room for what follows */
  probe_alloc_fail_after (&probe, 0, 1);
  for (int i = 100; i < 10000; i++) {
    insert (i, i + 1);
    delete (i < 110 ? i - 40 : i - 10, i < 110 ? i - 39 : i - 9);
  }
  CHECK_INT (HTAB_ELS_NUM (int, tab), 41);
  teardown ();
}

/* The table would change its size, but the allocation fails.  */
static void a_table_goes_on_in_its_size_without_memory (void) {
  setup (0);
  insert (0, 5000);
  delete (1, 4900);
  probe_alloc_fail_after (&probe, 0, 1);
  for (int i = 5000; i < 30000; i++) {
    insert (i, i + 1);
    delete (i - 100, i - 99);
  }
  CHECK (probe.failed != 0);
  CHECK_INT (HTAB_ELS_NUM (int, tab), 101);
  teardown ();
}

static void closing_holes_needs_no_allocation (void) {
  setup (128);
  insert (0, 60);
  size_t calls = probe.calls;
  for (int i = 60; i < 10000; i++) {
    insert (i, i + 1);
    delete (i, i + 1);
  }
  CHECK_INT (probe.calls, calls);
  teardown ();
}

static void a_key_which_comes_and_goes_is_found_at_once (void) {
  enum { PAIRS = 1000 };
  setup (PAIRS);
  insert (0, 10);
  htab_size_t collisions = HTAB_COLLISIONS (int, tab);
  for (int i = 0; i < PAIRS; i++) {
    delete (5, 6);
    insert (5, 6);
  }
  CHECK (HTAB_COLLISIONS (int, tab) - collisions < 4 * PAIRS);
  teardown ();
}

static void memory_shrinks_after_a_peak (void) {
  setup (0);
  insert (0, 90000);
  delete (0, 90000);
  size_t peak = probe.live_bytes;
  churn (100000, 100, tap_random);
  CHECK (probe.live_bytes < peak / 100);
  teardown ();
}

int main (void) {
  TEST_RUN (an_empty_table_has_nothing_and_needs_no_block);
  TEST_RUN (insert_keeps_the_first_of_two_equal_elements);
  TEST_RUN (find_gives_what_is_in_the_table);
  TEST_RUN (replace_takes_the_place_of_an_equal_element);
  TEST_RUN (delete_leaves_the_result_alone);
  TEST_RUN (foreach_goes_in_the_order_of_insertion);
  TEST_RUN (foreach_may_delete_what_it_is_at);
  TEST_RUN (a_cleared_table_can_be_filled_again);
  TEST_RUN (one_hash_per_operation_and_eq_only_for_equal_hashes);
  TEST_RUN (min_size_saves_rebuilds);
  TEST_RUN (each_visits_all_in_order);
  TEST_RUN (a_copy_has_the_same_and_is_its_own);
  TEST_RUN (a_new_table_is_small);
  TEST_RUN (memory_is_bounded_by_the_live_elements_under_churn);
  TEST_RUN (holes_are_used_again_without_memory);
  TEST_RUN (a_table_goes_on_in_its_size_without_memory);
  TEST_RUN (closing_holes_needs_no_allocation);
  TEST_RUN (a_key_which_comes_and_goes_is_found_at_once);
  TEST_RUN (memory_shrinks_after_a_peak);
  return tap_done ();
}
