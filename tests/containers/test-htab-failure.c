/* HTAB: a table is unchanged after a failed allocation, in whichever way it learns of the
   failure.  */
#include "containers/container-failure.h"

#include "containers/htab-model.h"

static htab_hash_t hash_item (item_t item, void *arg) {
  (void) arg;
  return (htab_hash_t) item.key * 2654435761u;
}

static htab_size_t min_size;

static void create (void) {
  MODEL_CREATE (tab, &failing, min_size, free_item);
}

/* The arguments and the results of step.  */
static item_t item, result;
static enum htab_action action;
static int existed;

static void step (void) {
  existed = HTAB_DO (item_t, tab, item, action, result);
}

static void do_both (enum htab_action wanted_action, int key) {
  item_t expected = {-1, -1};
  item = new_item (key);
  action = wanted_action;
  existed = FALSE;
  result = expected;
  if (failures_of (step) == 0) {
    CHECK_INT (existed, model_do (item, action, &expected));
  } else {
    CHECK (action == HTAB_INSERT || action == HTAB_REPLACE);
    CHECK_INT (existed, FALSE);
  }
  CHECK_INT (result.serial, expected.serial);
  check_model ();
}

static HTAB (item_t) *copy;

static void make_copy (void) {
  HTAB_COPY (item_t, copy, &failing, tab, NULL, &model);
}

/* A copy that cannot be made changes nothing; one that the allocator has left is an empty table.  */
static void try_to_copy (void) {
  copy = NULL;
  if (failures_of (make_copy) == 0)
    CHECK_INT (HTAB_ELS_NUM (item_t, copy), HTAB_ELS_NUM (item_t, tab));
  else if (copy != NULL)
    CHECK_INT (HTAB_ELS_NUM (item_t, copy), 0);
  CHECK (copy == NULL || failure_way == ALLOCATOR_LEAVES || failures_seen == 0
         || HTAB_ELS_NUM (item_t, copy) == HTAB_ELS_NUM (item_t, tab));
  if (copy != NULL) HTAB_DESTROY (item_t, copy);
  check_model ();
}

/* One life of a table: growth, holes of all kinds, packing and sliding in place, shrinking,
   becoming tiny again, CLEAR.  */
static void live (void) {
  model_init ();
  min_size = 0;
  tab = NULL;
  if (failures_of (create) != 0) {
    CHECK_PTR (tab, NULL);
    return;
  }
  for (int key = 0; key < 100; key++) {
    if (key % 33 == 1) try_to_copy (); /* tiny, and larger */
    do_both (HTAB_INSERT, key);
  }
  for (int key = 0; key < 30; key++) do_both (HTAB_DELETE, key);
  for (int key = 20; key < 100; key++) do_both (HTAB_REPLACE, key);
  for (int key = 100; key < 200; key++) do_both (HTAB_INSERT, key);
  for (int key = 20; key < 190; key++) do_both (HTAB_DELETE, key);
  for (int key = 200; key < 400; key++) {
    do_both (HTAB_INSERT, key);
    do_both (HTAB_FIND, key);
    do_both (HTAB_DELETE, key);
  }
  for (int key = 400; key < 700; key++) { /* delete the oldest */
    do_both (HTAB_INSERT, key);
    do_both (HTAB_DELETE, key == 400 ? 190 : key - 1);
  }
  HTAB_CLEAR (item_t, tab);
  model_clear ();
  for (int key = 0; key < 800; key++) do_both (HTAB_REPLACE, key);
  for (int key = 0; key < 800; key++)
    if (key % 7 != 0) do_both (HTAB_DELETE, key);
  for (int key = 0; key < 1000; key++) { /* delete from the middle */
    do_both (HTAB_INSERT, key % 7 != 0 ? key : key + 1);
    if (key > 0) do_both (HTAB_DELETE, (key - 1) % 7 != 0 ? key - 1 : key);
  }
  for (int key = 0; key < 1100; key++) do_both (HTAB_DELETE, key);
  for (int key = 0; key < 50; key++) do_both (HTAB_REPLACE, key);
  model_clear ();
  HTAB_DESTROY (item_t, tab);
  check_frees ();
}

static void a_table_survives_a_failure_of_every_allocation (void) {
  fail_everywhere (live, 16);
}

static void a_minimum_size_above_the_limit_is_refused (void) {
  static const htab_size_t sizes[] = {(1u << 31) + 1, ~0u - 1, ~0u};
  for (size_t i = 0; i < sizeof (sizes) / sizeof (sizes[0]); i++) {
    failure_init (HOOK_RETURNS);
    min_size = sizes[i];
    CHECK_INT (failures_of (create), 1);
    CHECK_STR (failure_message, "htab: too many elements");
    CHECK_PTR (tab, NULL);
    CHECK_INT (probe.calls, 0);
    CHECK_INT (probe_alloc_finish (&probe), 0);
  }
}

static void a_minimum_size_near_the_limit_is_no_memory (void) {
  static const htab_size_t sizes[] = {1u << 31, (1u << 31) - 1, (1u << 30) + 1};
  for (size_t i = 0; i < sizeof (sizes) / sizeof (sizes[0]); i++) {
    failure_init (HOOK_RETURNS);
    model_init ();
    min_size = sizes[i];
    REQUIRE (failures_of (create) == 0);
    do_both (HTAB_INSERT, 0);
    probe_alloc_fail_after (&probe, 0, 1); /* otherwise a machine with enough memory succeeds */
    for (int key = 1; key < 17; key++) do_both (HTAB_INSERT, key);
    CHECK_INT (failures_seen, 1);
    CHECK_STR (failure_message, "htab: no memory");
    do_both (HTAB_FIND, 1);
    do_both (HTAB_DELETE, 7);
    do_both (HTAB_INSERT, 17); /* reuses the hole */
    CHECK_INT (failures_seen, 1);
    HTAB_DESTROY (item_t, tab);
    CHECK_INT (probe_alloc_finish (&probe), 0);
  }
}

int main (void) {
  TEST_RUN (a_table_survives_a_failure_of_every_allocation);
  TEST_RUN (a_minimum_size_above_the_limit_is_refused);
  TEST_RUN (a_minimum_size_near_the_limit_is_no_memory);
  return tap_done ();
}
