/* HTAB: random operations with good and bad hashes agree with a plain list, and every element is
   freed exactly once.  */
#include "htab-model.h"

#include <stdint.h>

#include "probe-alloc.h"

static htab_hash_t hash_well (item_t item, void *arg) {
  (void) arg;
  return (htab_hash_t) item.key * 2654435761u;
}

static htab_hash_t hash_is_key (item_t item, void *arg) {
  (void) arg;
  return (htab_hash_t) item.key;
}

static htab_hash_t hash_in_upper_bits (item_t item, void *arg) {
  (void) arg;
  return (htab_hash_t) item.key << 23;
}

static htab_hash_t hash_is_0_or_1 (item_t item, void *arg) {
  (void) arg;
  return item.key & 1;
}

static htab_hash_t hash_is_all_ones (item_t item, void *arg) {
  (void) arg, (void) item;
  return ~0u;
}

static struct probe_alloc probe;

static void setup (htab_size_t min_size, htab_hash_t (*hash) (item_t, void *)) {
  model_init ();
  probe_alloc_init (&probe);
  HTAB_CREATE_WITH_FREE_FUNC (item_t, tab, &probe.alloc, min_size, hash, item_eq, free_item,
                              &model);
  REQUIRE (tab != NULL);
}

static void teardown (void) {
  model_clear ();
  HTAB_DESTROY (item_t, tab);
  REQUIRE (memcmp (model.freed, model.must_free, (size_t) model.serials) == 0);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void one_random_step (unsigned keys) {
  item_t item = new_item ((int) (tap_random () % keys));
  enum htab_action action = (enum htab_action) (tap_random () % 4);
  item_t expected = {-1, -1}, actual = expected;
  int existed = model_do (item, action, &expected);
  CHECK_INT (HTAB_DO (item_t, tab, item, action, actual), existed);
  CHECK_INT (actual.key, expected.key);
  CHECK_INT (actual.serial, expected.serial);
}

/* The number of keys changes now and then, so that the table grows, shrinks and fills with holes.
 */
static void run_one_table (htab_hash_t (*hash) (item_t, void *), size_t steps, unsigned max_keys) {
  unsigned keys = max_keys;
  setup ((htab_size_t) (tap_random () % 300), hash);
  for (size_t i = 0; i < steps; i++) {
    if (tap_random () % 1000 == 0) keys = (unsigned) (1 + tap_random () % max_keys);
    if (tap_random () % 5000 == 0) {
      HTAB_CLEAR (item_t, tab);
      model_clear ();
    }
    one_random_step (keys);
    if (i % 64 == 0) check_model ();
  }
  check_model ();
  teardown ();
}

static void run_randomly (htab_hash_t (*hash) (item_t, void *), size_t steps, unsigned max_keys) {
  enum { MAX_STEPS = MODEL_SERIALS / 2 };
  for (; steps > MAX_STEPS; steps -= MAX_STEPS) run_one_table (hash, MAX_STEPS, max_keys);
  run_one_table (hash, steps, max_keys);
}

static void a_good_hash (void) {
  run_randomly (hash_well, tap_scaled (300000), 1000);
}

static void a_hash_which_is_the_key (void) {
  run_randomly (hash_is_key, tap_scaled (300000), 1000);
}

static void a_hash_with_upper_bits_only (void) {
  run_randomly (hash_in_upper_bits, tap_scaled (200000), 500);
}

static void a_hash_of_two_values_one_of_them_0 (void) {
  run_randomly (hash_is_0_or_1, tap_scaled (50000), 200);
}

static void a_constant_hash (void) {
  run_randomly (hash_is_all_ones, tap_scaled (50000), 200);
}

static void every_element_is_freed_by_clear_and_destroy (void) {
  setup (0, hash_well);
  for (int round = 0; round < 2; round++) {
    for (int key = 0; key < 1000; key++) {
      item_t item = new_item (key), res;
      CHECK_INT (HTAB_DO (item_t, tab, item, HTAB_INSERT, res), model_do (item, HTAB_INSERT, &res));
    }
    check_model ();
    if (round != 0) break;
    HTAB_CLEAR (item_t, tab);
    model_clear ();
    check_model ();
  }
  teardown ();
}

static void free_when_gone (item_t item, void *arg) {
  item_t found = {-1, -1};
  if (HTAB_DO (item_t, tab, item, HTAB_FIND, found)) CHECK (found.serial != item.serial);
  free_item (item, arg);
}

static void an_element_has_left_the_table_when_it_is_freed (void) {
  setup (0, hash_well);
  tab->free_func = free_when_gone;
  for (int i = 0; i < 2000; i++) one_random_step (100);
  check_model ();
  HTAB_CLEAR (item_t, tab);
  model_clear ();
  for (int i = 0; i < 500; i++) one_random_step (100);
  check_model ();
  teardown ();
}

int main (void) {
  TEST_RUN (a_good_hash);
  TEST_RUN (a_hash_which_is_the_key);
  TEST_RUN (a_hash_with_upper_bits_only);
  TEST_RUN (a_hash_of_two_values_one_of_them_0);
  TEST_RUN (a_constant_hash);
  TEST_RUN (every_element_is_freed_by_clear_and_destroy);
  TEST_RUN (an_element_has_left_the_table_when_it_is_freed);
  return tap_done ();
}
