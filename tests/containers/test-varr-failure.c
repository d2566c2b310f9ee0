/* VARR: an array is unchanged after a failed allocation, in whichever way it learns of the
   failure.  */
#include "containers/container-failure.h"

#include "mir-varr.h"

#include <stdint.h>
#include <string.h>

#include "support/tap.h"

DEF_VARR (int)
DEF_VARR (char)

enum { MAX = 5000 };

static VARR (int) *v;
static int model[MAX];
static size_t model_length;
static size_t wanted; /* the argument of the next step */

static void check_model (void) {
  REQUIRE (VARR_LENGTH (int, v) == model_length);
  REQUIRE (VARR_CAPACITY (int, v) >= model_length);
  REQUIRE (model_length == 0
           || memcmp (VARR_ADDR (int, v), model, model_length * sizeof (*model)) == 0);
}

static void create (void) {
  VARR_CREATE (int, v, &failing, 2);
}
static void push (void) {
  VARR_PUSH (int, v, (int) model_length);
}
static void push_own (void) {
  VARR_PUSH_ARR (int, v, VARR_ADDR (int, v), wanted);
}

static int expanded;

static void expand (void) {
  expanded = 0;
  expanded = VARR_EXPAND (int, v, wanted);
}
static void tailor (void) {
  VARR_TAILOR (int, v, wanted);
}

/* The steps of an array's life that may grow it, with the model that each failure must leave.  */
static void push_numbers (int n) {
  for (int i = 0; i < n; i++) {
    int length = (int) model_length;
    if (failures_of (push) == 0) model[model_length++] = length;
    check_model ();
  }
}

static void push_own_numbers (size_t n) {
  wanted = n < model_length ? n : model_length;
  if (failures_of (push_own) == 0) {
    memcpy (model + model_length, model, wanted * sizeof (*model));
    model_length += wanted;
  }
  check_model ();
}

static void tailor_to (size_t n) {
  size_t capacity = VARR_CAPACITY (int, v);
  wanted = n;
  if (failures_of (tailor) == 0) {
    CHECK_INT (VARR_CAPACITY (int, v), n);
    CHECK_INT (VARR_LENGTH (int, v), n);
    for (size_t i = model_length; i < n; i++) VARR_SET (int, v, i, model[i] = (int) i);
    model_length = n;
  } else {
    CHECK_INT (VARR_CAPACITY (int, v), capacity);
  }
  check_model ();
}

static void live (void) {
  v = NULL;
  model_length = 0;
  if (failures_of (create) != 0) {
    if (failure_way != ALLOCATOR_LEAVES) CHECK_PTR (v, NULL);
    if (v == NULL) return;
  }
  push_numbers (100);
  push_own_numbers (100);
  wanted = 4 * model_length + 100;
  size_t capacity = VARR_CAPACITY (int, v);
  int failures = failures_of (expand);
  CHECK_INT (expanded, failures == 0);
  if (failures != 0) CHECK_INT (VARR_CAPACITY (int, v), capacity);
  tailor_to (2000);
  tailor_to (10);
  tailor_to (0);
  push_numbers (3);
  tailor_to (0);
  tailor_to (7);
  VARR_DESTROY (int, v);
}

static void an_array_survives_a_failure_of_every_allocation (void) {
  fail_everywhere (live, 15);
}

static void create_char (void) {
  VARR (char) *text = NULL;
  VARR_CREATE (char, text, &failing, SIZE_MAX);
  CHECK_PTR (text, NULL);
}

static void create_ints (void) {
  VARR_CREATE (int, v, &failing, wanted);
}

static void a_size_which_overflows_is_no_memory (void) {
  static const size_t sizes[] = {SIZE_MAX,         SIZE_MAX / 2,     SIZE_MAX / 4,
                                 SIZE_MAX / 4 + 1, SIZE_MAX / 4 + 2, SIZE_MAX / 8 + 1};
  for (size_t i = 0; i < sizeof (sizes) / sizeof (sizes[0]); i++) {
    failure_init (HOOK_RETURNS);
    wanted = sizes[i];
    CHECK_INT (failures_of (create_ints), 1);
    CHECK_STR (failure_message, "varr: no memory");
    CHECK_PTR (v, NULL);
    CHECK_INT (failures_of (create_char), 1);

    v = NULL;
    create ();
    REQUIRE (v != NULL);
    model_length = 0;
    push_numbers (2);
    size_t calls = probe.calls;
    CHECK_INT (failures_of (expand), 1);
    CHECK_INT (expanded, 0);
    CHECK_INT (failures_of (tailor), 1);
    wanted = sizes[i];
    CHECK_INT (failures_of (push_own), 1);
    CHECK_INT (probe.calls, calls);
    CHECK_INT (VARR_CAPACITY (int, v), 2);
    check_model ();
    VARR_DESTROY (int, v);
    CHECK_INT (probe_alloc_finish (&probe), 0);
  }
}

static size_t asked; /* bytes */

static void *note_and_refuse (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  (void) ptr;
  (void) old_size;
  (void) user_data;
  asked = new_size;
  return NULL;
}

static void growth_is_exact_where_half_as_much_again_would_overflow (void) {
  failure_init (HOOK_RETURNS);
  create ();
  REQUIRE (v != NULL);
  failing.realloc = note_and_refuse;
  size_t max = SIZE_MAX / 2 / sizeof (int);
  wanted = max;
  failures_of (expand);
  CHECK (asked == max * sizeof (int));
  wanted = max / 3 * 2;
  failures_of (expand);
  CHECK (asked == (wanted + wanted / 2) * sizeof (int));
  VARR_DESTROY (int, v);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

int main (void) {
  TEST_RUN (an_array_survives_a_failure_of_every_allocation);
  TEST_RUN (a_size_which_overflows_is_no_memory);
  TEST_RUN (growth_is_exact_where_half_as_much_again_would_overflow);
  return tap_done ();
}
