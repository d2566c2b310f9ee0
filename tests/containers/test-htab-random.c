/* HTAB: random operations with good and bad hashes give the same results as a plain list, and every
   element is freed exactly once.  Built for each kind of index and for a bound type, see
   meson.build.  */
#include "containers/htab-model.h"

#include <stdint.h>

#include "support/probe-alloc.h"

static htab_hash_t hash_well (item_t item) {
  return (htab_hash_t) item.key * 2654435761u;
}

static htab_hash_t hash_is_key (item_t item) {
  return (htab_hash_t) item.key;
}

static htab_hash_t hash_in_upper_bits (item_t item) {
  return (htab_hash_t) item.key << 23;
}

static htab_hash_t hash_is_0_or_1 (item_t item) {
  return item.key & 1;
}

static htab_hash_t hash_is_all_ones (item_t item) {
  (void) item;
  return ~0u;
}

/* Few home groups for many keys: groups overflow, and their counters stick.  */
static htab_hash_t hash_is_one_of_20 (item_t item) {
  return (htab_hash_t) (item.key % 20) * 2654435761u;
}

static htab_hash_t (*the_hash) (item_t item);

static htab_hash_t hash_item (item_t item, void *arg) {
  CHECK_PTR (arg, &model);
  return the_hash (item);
}

static struct probe_alloc probe;

static void setup (htab_size_t min_size, htab_hash_t (*hash) (item_t)) {
  model_init ();
  probe_alloc_init (&probe);
  the_hash = hash;
  MODEL_CREATE (tab, &probe.alloc, min_size, free_item);
  REQUIRE (tab != NULL);
}

static void teardown (void) {
  model_clear ();
  HTAB_DESTROY (item_t, tab);
  check_frees ();
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void step (int key, enum htab_action action) {
  item_t item = new_item (key), expected = {-1, -1}, actual = expected;
  int existed = model_do (item, action, &expected);
  CHECK_INT (HTAB_DO (item_t, tab, item, action, actual), existed);
  CHECK_INT (actual.key, expected.key);
  CHECK_INT (actual.serial, expected.serial);
}

/* How a run of steps chooses keys and actions.  */
enum mode { ANY, GROW, SHRINK, OLDEST_GOES, NEWEST_GOES, MODES };

static void one_random_step (enum mode mode, int keys) {
  int key = (int) (tap_random () % (unsigned) keys);
  enum htab_action action = (enum htab_action) (tap_random () % 4);
  switch (mode) {
    case GROW:
      if (action == HTAB_DELETE) action = HTAB_INSERT;
      break;
    case SHRINK:
      if (action == HTAB_INSERT || action == HTAB_REPLACE) action = HTAB_DELETE;
      break;
    case OLDEST_GOES:
      if (action == HTAB_DELETE && model.first != 0) key = model.first - 1;
      break;
    case NEWEST_GOES:
      if (action == HTAB_DELETE && model.last != 0) key = model.last - 1;
      break;
    default:
      break;
  }
  step (key, action);
}

/* Go on with a copy of the table in its place, which owns the items from then on.  */
static void change_places (void) {
  HTAB (item_t) *copy;
  HTAB_COPY (item_t, copy, &probe.alloc, tab, free_item, &model);
  REQUIRE (copy != NULL);
  tab->free_func = NULL;
  HTAB_DESTROY (item_t, tab);
  tab = copy;
}

/* Change the mode and the number of keys now and then, so that the table grows, shrinks and gets
   holes of all kinds.  */
static void run_one_table (htab_hash_t (*hash) (item_t), size_t steps, unsigned max_keys) {
  int keys = (int) max_keys;
  enum mode mode = ANY;
  setup ((htab_size_t) (tap_random () % 2 == 0 ? 0 : tap_random () % 300), hash);
  for (size_t i = 0; i < steps; i++) {
    uint64_t dice = tap_random ();
    if (dice % 500 == 0) mode = (enum mode) (dice / 500 % MODES);
    if (dice % 1000 == 1) keys = (int) (1 + dice / 1000 % max_keys);
    if (dice % 5000 == 2) {
      HTAB_CLEAR (item_t, tab);
      model_clear ();
    }
    if (dice % 5000 == 3) change_places ();
    one_random_step (mode, keys);
    if (i % (16 + model.length) == 0) check_model ();
  }
  check_model ();
  teardown ();
}

static void run_randomly (htab_hash_t (*hash) (item_t), size_t steps, unsigned max_keys) {
  enum { MAX_STEPS = MODEL_SERIALS - 2 };
  for (; steps > MAX_STEPS; steps -= MAX_STEPS) run_one_table (hash, MAX_STEPS, max_keys);
  run_one_table (hash, steps, max_keys);
}

static void a_good_hash (void) {
  run_randomly (hash_well, tap_scaled (2000000), 1000);
  run_randomly (hash_well, tap_scaled (2000000), 20);
}

static void a_good_hash_of_many_keys (void) {
  run_randomly (hash_well, tap_scaled (2000000), MODEL_KEYS);
}

static void a_hash_which_is_the_key (void) {
  run_randomly (hash_is_key, tap_scaled (2000000), 3000);
}

static void a_hash_with_upper_bits_only (void) {
  run_randomly (hash_in_upper_bits, tap_scaled (1000000), 500);
}

static void a_hash_of_few_values (void) {
  run_randomly (hash_is_one_of_20, tap_scaled (300000), 3000);
}

static void a_hash_of_two_values_one_of_them_0 (void) {
  run_randomly (hash_is_0_or_1, tap_scaled (300000), 200);
}

static void a_constant_hash (void) {
  run_randomly (hash_is_all_ones, tap_scaled (300000), 400);
}

static void every_element_is_freed_by_clear_and_destroy (void) {
  for (int elements = 1; elements < 2000; elements *= 5) {
    setup (0, hash_well);
    for (int round = 0; round < 2; round++) {
      for (int key = 0; key < elements; key++) step (key, HTAB_INSERT);
      check_model ();
      if (round != 0) break;
      HTAB_CLEAR (item_t, tab);
      model_clear ();
      check_model ();
    }
    teardown ();
  }
}

static void free_when_gone (item_t item, void *arg) {
  item_t found = {-1, -1};
  if (HTAB_DO (item_t, tab, item, HTAB_FIND, found)) CHECK (found.serial != item.serial);
  free_item (item, arg);
}

static void an_element_has_left_the_table_when_it_is_freed (void) {
  for (int keys = 10; keys <= 1000; keys *= 10) {
    setup (0, hash_well);
    tab->free_func = free_when_gone;
    for (int i = 0; i < 2000; i++) one_random_step (ANY, keys);
    check_model ();
    HTAB_CLEAR (item_t, tab);
    model_clear ();
    for (int i = 0; i < 500; i++) one_random_step (ANY, keys);
    check_model ();
    teardown ();
  }
}

static int seen;

/* Called by foreach: delete the current element, earlier ones and later ones.  */
static void delete_some (item_t item, void *arg) {
  CHECK_PTR (arg, &model);
  seen++;
  if (item.key % 2 == 0) step (item.key, HTAB_DELETE);
  if (item.key % 3 == 0 && item.key > 0) step (item.key - 1, HTAB_DELETE);
  if (item.key % 5 == 0) step (item.key + 1, HTAB_DELETE);
}

static void foreach_may_delete_any (void) {
  for (int elements = 1; elements < 3000; elements = elements * 3 / 2 + 1) {
    setup (0, hash_well);
    for (int key = 0; key < elements; key++) step (key, HTAB_INSERT);
    seen = 0;
    HTAB_FOREACH_ELEM (item_t, tab, delete_some, &model);
    check_model ();
    int expected = 0;
    for (int key = 0; key < elements; key++) expected += key % 5 != 1;
    CHECK_INT (seen, expected);
    for (int key = 0; key < elements; key++) step (key, HTAB_INSERT);
    check_model ();
    teardown ();
  }
}

/* Ids have 32 bits: a table whose oldest element is always the one deleted uses them up.  */
static void ids_wrap_around (void) {
  enum { LIVE = 100 };
  setup (0, hash_well);
  for (int key = 0; key < LIVE; key++) step (key, HTAB_INSERT); /* no longer tiny */
  HTAB_CLEAR (item_t, tab);
  model_clear ();
  tab->t.first_id = ~(htab_ind_t) 0 - 50;
  for (int key = 0; key < LIVE; key++) step (key, HTAB_INSERT);
  for (int i = 0; i < 5000; i++) {
    step (model.first - 1, HTAB_DELETE);
    step (model.last % 1000, HTAB_INSERT);
    step (model.first - 1, HTAB_FIND);
  }
  check_model ();
  teardown ();
}

int main (void) {
  TEST_RUN (a_good_hash);
  TEST_RUN (a_good_hash_of_many_keys);
  TEST_RUN (a_hash_which_is_the_key);
  TEST_RUN (a_hash_with_upper_bits_only);
  TEST_RUN (a_hash_of_few_values);
  TEST_RUN (a_hash_of_two_values_one_of_them_0);
  TEST_RUN (a_constant_hash);
  TEST_RUN (every_element_is_freed_by_clear_and_destroy);
  TEST_RUN (an_element_has_left_the_table_when_it_is_freed);
  TEST_RUN (foreach_may_delete_any);
  TEST_RUN (ids_wrap_around);
  return tap_done ();
}
