/* VARR: the operations of an array, without failures, over the probe allocator, which moves every
   block that grows and reports a wrong old size.  */
#include "mir-varr.h"

#include <stdint.h>
#include <string.h>

#include "support/probe-alloc.h"
#include "support/tap.h"

typedef struct point {
  int x, y;
} point_t;

DEF_VARR (int)
DEF_VARR (char)
DEF_VARR (size_t)
DEF_VARR (point_t)

static struct probe_alloc probe;
static VARR (int) *v;

static void setup (size_t size) {
  probe_alloc_init (&probe);
  VARR_CREATE (int, v, &probe.alloc, size);
  REQUIRE (v != NULL);
}

static void teardown (void) {
  VARR_DESTROY (int, v);
  CHECK_PTR (v, NULL);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void push_numbers (int n) {
  for (int i = 0; i < n; i++) VARR_PUSH (int, v, i);
}

static void a_new_array_is_empty_and_has_the_wanted_capacity (void) {
  setup (3);
  CHECK_INT (VARR_LENGTH (int, v), 0);
  CHECK_INT (VARR_CAPACITY (int, v), 3);
  teardown ();
  setup (0);
  CHECK_INT (VARR_CAPACITY (int, v), 64);
  teardown ();
}

static void the_fields_are_those_of_mir (void) {
  setup (5);
  push_numbers (2);
  struct {
    size_t els_num, size;
    int *varr;
    MIR_alloc_t alloc;
  } fields;
  CHECK_INT (sizeof (VARR (int)), sizeof (fields));
  memcpy (&fields, v, sizeof (fields));
  CHECK_INT (fields.els_num, 2);
  CHECK_INT (fields.size, 5);
  CHECK_PTR (fields.varr, VARR_ADDR (int, v));
  CHECK_PTR (fields.alloc, &probe.alloc);
  struct VARR_int *by_tag = v;
  CHECK_PTR (by_tag, v);
  teardown ();
}

static void pushed_elements_stay_while_the_array_grows (void) {
  setup (1);
  push_numbers (1000);
  CHECK_INT (VARR_LENGTH (int, v), 1000);
  size_t i;
  int el, sum = 0;
  VARR_FOREACH_ELEM (int, v, i, el) {
    CHECK_INT (el, i);
    sum += el;
  }
  CHECK_INT (sum, 999 * 1000 / 2);
  CHECK_INT (VARR_LAST (int, v), 999);
  CHECK (VARR_CAPACITY (int, v) >= 1000 && VARR_CAPACITY (int, v) <= 2000);
  teardown ();
}

static void pop_and_trunc_shorten_and_keep_the_capacity (void) {
  setup (8);
  push_numbers (8);
  CHECK_INT (VARR_POP (int, v), 7);
  VARR_TRUNC (int, v, 3);
  CHECK_INT (VARR_LENGTH (int, v), 3);
  CHECK_INT (VARR_POP (int, v), 2);
  VARR_TRUNC (int, v, 0);
  CHECK_INT (VARR_LENGTH (int, v), 0);
  CHECK_INT (VARR_CAPACITY (int, v), 8);
  CHECK_INT (probe.calls, 2);
  teardown ();
}

static void set_changes_one_element (void) {
  setup (0);
  push_numbers (3);
  VARR_SET (int, v, 1, 42);
  CHECK_INT (VARR_GET (int, v, 0), 0);
  CHECK_INT (VARR_GET (int, v, 1), 42);
  CHECK_INT (VARR_GET (int, v, 2), 2);
  teardown ();
}

static void expand_grows_by_half_and_says_so (void) {
  setup (10);
  push_numbers (4);
  CHECK_INT (VARR_EXPAND (int, v, 10), 0);
  CHECK_INT (VARR_CAPACITY (int, v), 10);
  CHECK_INT (VARR_EXPAND (int, v, 11), 1);
  CHECK_INT (VARR_CAPACITY (int, v), 16);
  CHECK_INT (VARR_LENGTH (int, v), 4);
  CHECK_INT (VARR_GET (int, v, 3), 3);
  teardown ();
}

static void tailor_sets_length_and_capacity (void) {
  setup (0);
  push_numbers (20);
  VARR_TAILOR (int, v, 30);
  CHECK_INT (VARR_LENGTH (int, v), 30);
  CHECK_INT (VARR_CAPACITY (int, v), 30);
  CHECK_INT (VARR_GET (int, v, 19), 19);
  VARR_TAILOR (int, v, 5);
  CHECK_INT (VARR_LENGTH (int, v), 5);
  CHECK_INT (VARR_CAPACITY (int, v), 5);
  CHECK_INT (VARR_LAST (int, v), 4);
  size_t calls = probe.calls;
  VARR_TAILOR (int, v, 5);
  CHECK_INT (probe.calls, calls);
  teardown ();
}

static void a_tailored_away_array_holds_no_elements_memory_and_lives_on (void) {
  static const int numbers[] = {1, 2, 3};
  setup (0);
  size_t header_bytes = sizeof (*v);
  VARR_TAILOR (int, v, 0);
  CHECK_INT (VARR_LENGTH (int, v), 0);
  CHECK_INT (VARR_CAPACITY (int, v), 0);
  CHECK_INT (probe.live_bytes, header_bytes);
  VARR_TAILOR (int, v, 0);
  VARR_TRUNC (int, v, 0);
  CHECK_INT (VARR_EXPAND (int, v, 0), 0);
  VARR_PUSH_ARR (int, v, numbers, 0);
  CHECK_INT (VARR_CAPACITY (int, v), 0);
  VARR_PUSH (int, v, 7);
  CHECK_INT (VARR_LAST (int, v), 7);
  VARR_TAILOR (int, v, 0);
  VARR_PUSH_ARR (int, v, numbers, 3);
  CHECK_INT (VARR_LAST (int, v), 3);
  VARR_TAILOR (int, v, 0);
  CHECK_INT (VARR_EXPAND (int, v, 2), 1);
  VARR_TAILOR (int, v, 0);
  VARR_TAILOR (int, v, 4);
  CHECK_INT (VARR_LENGTH (int, v), 4);
  VARR_TAILOR (int, v, 0);
  teardown ();
}

static void push_arr_appends (void) {
  setup (2);
  int numbers[100];
  for (int i = 0; i < 100; i++) numbers[i] = i;
  VARR_PUSH_ARR (int, v, numbers, 60);
  VARR_PUSH_ARR (int, v, numbers + 60, 40);
  VARR_PUSH_ARR (int, v, NULL, 0);
  REQUIRE (VARR_LENGTH (int, v) == 100);
  for (int i = 0; i < 100; i++) CHECK_INT (VARR_GET (int, v, i), i);
  teardown ();
}

static void push_arr_takes_elements_of_its_own_array_which_moves (void) {
  setup (4);
  push_numbers (4);
  VARR_PUSH_ARR (int, v, VARR_ADDR (int, v) + 1, 3);
  static const int expected[] = {0, 1, 2, 3, 1, 2, 3};
  REQUIRE (VARR_LENGTH (int, v) == 7);
  for (int i = 0; i < 7; i++) CHECK_INT (VARR_GET (int, v, i), expected[i]);
  for (int doubled = 14; doubled <= 7 << 8; doubled *= 2) {
    VARR_PUSH_ARR (int, v, VARR_ADDR (int, v), VARR_LENGTH (int, v));
    REQUIRE (VARR_LENGTH (int, v) == (size_t) doubled);
  }
  for (int i = 0; i < 7 << 8; i++) CHECK_INT (VARR_GET (int, v, i), expected[i % 7]);
  teardown ();
}

static void push_takes_an_element_of_its_own_array_which_moves (void) {
  setup (1);
  VARR_PUSH (int, v, 5);
  for (int i = 0; i < 100; i++) VARR_PUSH (int, v, VARR_LAST (int, v) + VARR_GET (int, v, 0));
  CHECK_INT (VARR_LAST (int, v), 505);
  teardown ();
}

static void elements_of_other_types_are_kept (void) {
  probe_alloc_init (&probe);
  VARR (char) *text;
  VARR (size_t) *sizes;
  VARR (point_t) *points;
  VARR_CREATE (char, text, &probe.alloc, 1);
  VARR_CREATE (size_t, sizes, &probe.alloc, 1);
  VARR_CREATE (point_t, points, &probe.alloc, 1);
  VARR_PUSH_ARR (char, text, "one, two", 8);
  VARR_PUSH (char, text, '\0');
  CHECK_STR (VARR_ADDR (char, text), "one, two");
  for (int i = 0; i < 50; i++) {
    point_t point = {i, -i};
    VARR_PUSH (size_t, sizes, SIZE_MAX - (size_t) i);
    VARR_PUSH (point_t, points, point);
  }
  CHECK (VARR_GET (size_t, sizes, 49) == SIZE_MAX - 49);
  CHECK_INT (VARR_GET (point_t, points, 49).y, -49);
  VARR_DESTROY (char, text);
  VARR_DESTROY (size_t, sizes);
  VARR_DESTROY (point_t, points);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void *strict_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  CHECK (ptr != NULL);
  CHECK (old_size != 0);
  CHECK (new_size != 0);
  return probe.alloc.realloc (ptr, old_size, new_size, user_data);
}

static void one_random_step (int *model, size_t *length, size_t max) {
  size_t n = tap_random () % 40;
  int value = (int) (tap_random () & 0xffff);
  switch (tap_random () % 8) {
    case 0:
      if (*length + n > max) break;
      memcpy (model + *length, model, (n < *length ? n : *length) * sizeof (*model));
      VARR_PUSH_ARR (int, v, VARR_ADDR (int, v), n < *length ? n : *length);
      *length += n < *length ? n : *length;
      break;
    case 1:
      if (*length != 0) CHECK_INT (VARR_POP (int, v), model[--*length]);
      break;
    case 2:
      *length -= n < *length ? n : *length;
      VARR_TRUNC (int, v, *length);
      break;
    case 3:
      if (*length > n) VARR_SET (int, v, n, model[n] = value);
      break;
    case 4:
      VARR_EXPAND (int, v, *length + n);
      break;
    case 5:
      if (n < *length) *length = n;
      VARR_TAILOR (int, v, *length);
      break;
    default:
      for (; n != 0 && *length < max; n--) VARR_PUSH (int, v, model[(*length)++] = value++);
  }
}

static void random_operations_agree_with_a_plain_array (void) {
  enum { MAX = 1000 };
  static int model[MAX];
  size_t length = 0;
  probe_alloc_init (&probe);
  struct MIR_alloc strict = probe.alloc;
  strict.realloc = strict_realloc;
  VARR_CREATE (int, v, &strict, 1);
  REQUIRE (v != NULL);
  for (size_t steps = tap_scaled (100000); steps != 0; steps--) {
    one_random_step (model, &length, MAX);
    REQUIRE (VARR_LENGTH (int, v) == length);
    REQUIRE (VARR_CAPACITY (int, v) >= length);
    REQUIRE (length == 0 || memcmp (VARR_ADDR (int, v), model, length * sizeof (*model)) == 0);
  }
  teardown ();
}

int main (void) {
  TEST_RUN (a_new_array_is_empty_and_has_the_wanted_capacity);
  TEST_RUN (the_fields_are_those_of_mir);
  TEST_RUN (pushed_elements_stay_while_the_array_grows);
  TEST_RUN (pop_and_trunc_shorten_and_keep_the_capacity);
  TEST_RUN (set_changes_one_element);
  TEST_RUN (expand_grows_by_half_and_says_so);
  TEST_RUN (tailor_sets_length_and_capacity);
  TEST_RUN (a_tailored_away_array_holds_no_elements_memory_and_lives_on);
  TEST_RUN (push_arr_appends);
  TEST_RUN (push_arr_takes_elements_of_its_own_array_which_moves);
  TEST_RUN (push_takes_an_element_of_its_own_array_which_moves);
  TEST_RUN (elements_of_other_types_are_kept);
  TEST_RUN (random_operations_agree_with_a_plain_array);
  return tap_done ();
}
