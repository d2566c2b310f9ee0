/* HTAB: a table has as many elements as its documentation says, and not one more.  The limit of 2^31
   needs more memory than a test has, so that of this unit is lower.  */
#define MIR_HTAB_LARGEST_SIZE 200u
#include "containers/container-failure.h"

#include "mir-htab.h"

DEF_HTAB (int)

static HTAB (int) *tab;
static int number, existed;

static htab_hash_t hash_number (int n, void *arg) {
  (void) arg;
  return (htab_hash_t) n * 2654435761u;
}

static int same_number (int a, int b, void *arg) {
  (void) arg;
  return a == b;
}

static void insert (void) {
  int res;
  existed = HTAB_DO (int, tab, number, HTAB_INSERT, res);
}

static void setup (htab_size_t min_size) {
  failure_init (HOOK_RETURNS);
  HTAB_CREATE (int, tab, &failing, min_size, hash_number, same_number, NULL);
  REQUIRE (tab != NULL);
  for (number = 0; number < 200; number++) CHECK_INT (failures_of (insert), 0);
}

static void is_full (void) {
  failure_message = "";
  number = 1000;
  CHECK_INT (failures_of (insert), 1);
  CHECK_STR (failure_message, "htab: too many elements");
  CHECK_INT (existed, FALSE);
  CHECK_INT (HTAB_ELS_NUM (int, tab), 200);
  number = 7; /* is there */
  CHECK_INT (failures_of (insert), 0);
  CHECK_INT (existed, TRUE);
}

static void the_largest_table_takes_its_last_element (void) {
  for (htab_size_t min_size = 0; min_size <= 200; min_size += 50) {
    setup (min_size);
    is_full ();
    HTAB_DESTROY (int, tab);
    CHECK_INT (probe_alloc_finish (&probe), 0);
  }
}

/* Holes at the front, at the end and in between are used again, each of them.  */
static void a_hole_makes_room_for_one (void) {
  static const int holes[] = {0, 199, 100, 1, 198};
  setup (0);
  int res = -1;
  for (size_t i = 0; i < sizeof (holes) / sizeof (holes[0]); i++) {
    CHECK_INT (HTAB_DO (int, tab, holes[i], HTAB_DELETE, res), TRUE);
    number = 300 + (int) i;
    CHECK_INT (failures_of (insert), 0);
    is_full ();
  }
  htab_size_t i, seen = 0;
  int *el;
  HTAB_EACH (int, tab, i, el) seen += *el >= 300 || (*el > 1 && *el < 198);
  CHECK_INT (seen, 200);
  HTAB_DESTROY (int, tab);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void a_larger_minimum_is_refused (void) {
  failure_init (HOOK_RETURNS);
  HTAB_CREATE (int, tab, &failing, 201, hash_number, same_number, NULL);
  CHECK_PTR (tab, NULL);
  CHECK_STR (failure_message, "htab: too many elements");
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

int main (void) {
  TEST_RUN (the_largest_table_takes_its_last_element);
  TEST_RUN (a_hole_makes_room_for_one);
  TEST_RUN (a_larger_minimum_is_refused);
  return tap_done ();
}
