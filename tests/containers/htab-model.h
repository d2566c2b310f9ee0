/* A table of items and a plain list with the same contents, compared after every step.

   key      what hash and eq see; 0 <= key < MODEL_KEYS
   serial   tells two items of the same key apart
   freed    for each serial, how often free_func got its item

   The model has a node for each key and links those in use in the order of insertion.  */
#ifndef MIR_TESTS_CONTAINERS_HTAB_MODEL_H
#define MIR_TESTS_CONTAINERS_HTAB_MODEL_H

#include <string.h> /* memset, memcmp */

#include "mir-htab.h"

#include "support/tap.h"

enum { MODEL_KEYS = 100000, MODEL_SERIALS = 400000 };

typedef struct item {
  int key, serial;
} item_t;

struct model_node {
  int in_use, serial;
  int next, prev; /* keys + 1; 0: none */
};

struct model {
  struct model_node nodes[MODEL_KEYS];
  int first, last; /* keys + 1 */
  size_t length;
  unsigned char freed[MODEL_SERIALS];     /* calls of free_func */
  unsigned char must_free[MODEL_SERIALS]; /* calls expected so far */
  size_t frees, must_frees;
  int serials; /* used */
};

static struct model model;

static htab_hash_t hash_item (item_t item, void *arg);

static int item_eq (item_t a, item_t b, void *arg) {
  (void) arg;
  return a.key == b.key;
}

/* With MODEL_BOUND the table has a bound type.  */
#ifdef MODEL_BOUND
DEF_HTAB_BOUND (item_t, hash_item, item_eq)
#define MODEL_CREATE(V, ALLOC, MIN_SIZE, FREE) \
  HTAB_CREATE_BOUND (item_t, V, ALLOC, MIN_SIZE, FREE, &model)
#else
DEF_HTAB (item_t)
#define MODEL_CREATE(V, ALLOC, MIN_SIZE, FREE) \
  HTAB_CREATE_WITH_FREE_FUNC (item_t, V, ALLOC, MIN_SIZE, hash_item, item_eq, FREE, &model)
#endif

static HTAB (item_t) *tab;

static void free_item (item_t item, void *arg) {
  CHECK_PTR (arg, &model);
  model.freed[item.serial]++;
  model.frees++;
}

static void model_init (void) {
  memset (&model, 0, sizeof (model));
}

static item_t new_item (int key) {
  item_t item = {key, model.serials++};
  REQUIRE (model.serials < MODEL_SERIALS && key < MODEL_KEYS);
  return item;
}

static void model_must_free (int serial) {
  model.must_free[serial]++;
  model.must_frees++;
}

static void model_append (item_t item) {
  struct model_node *node = &model.nodes[item.key];
  node->in_use = 1;
  node->serial = item.serial;
  node->next = 0;
  node->prev = model.last;
  if (model.last != 0) model.nodes[model.last - 1].next = item.key + 1;
  if (model.last == 0) model.first = item.key + 1;
  model.last = item.key + 1;
  model.length++;
}

static void model_remove (int key) {
  struct model_node *node = &model.nodes[key];
  node->in_use = 0;
  if (node->prev != 0) model.nodes[node->prev - 1].next = node->next;
  if (node->prev == 0) model.first = node->next;
  if (node->next != 0) model.nodes[node->next - 1].prev = node->prev;
  if (node->next == 0) model.last = node->prev;
  model.length--;
}

/* The contract of HTAB_DO, applied to the list.  */
static int model_do (item_t item, enum htab_action action, item_t *res) {
  struct model_node *node = &model.nodes[item.key];
  if (!node->in_use) {
    if (action == HTAB_FIND || action == HTAB_DELETE) return FALSE;
    model_append (item);
    *res = item;
    return FALSE;
  }
  if (action == HTAB_DELETE || action == HTAB_REPLACE) model_must_free (node->serial);
  if (action == HTAB_REPLACE) node->serial = item.serial;
  if (action == HTAB_DELETE) {
    model_remove (item.key);
  } else {
    res->key = item.key;
    res->serial = node->serial;
  }
  return TRUE;
}

static void model_clear (void) {
  for (; model.first != 0; model_remove (model.first - 1))
    model_must_free (model.nodes[model.first - 1].serial);
}

static void compare_item (item_t item, void *arg) {
  int *expected = (int *) arg;
  REQUIRE (*expected != 0);
  CHECK_INT (item.key, *expected - 1);
  CHECK_INT (item.serial, model.nodes[item.key].serial);
  *expected = model.nodes[item.key].next;
}

/* Check that the table has the same items in the same order, and that as many were freed as
   expected.  */
static void check_model (void) {
  int next = model.first;
  REQUIRE (HTAB_ELS_NUM (item_t, tab) == model.length);
  HTAB_FOREACH_ELEM (item_t, tab, compare_item, &next);
  CHECK_INT (next, 0);
  htab_size_t i;
  item_t *item;
  next = model.first;
  HTAB_EACH (item_t, tab, i, item) compare_item (*item, &next);
  CHECK_INT (next, 0);
  REQUIRE (model.frees == model.must_frees);
}

/* Check that each item was freed as often as expected.  */
static void check_frees (void) {
  REQUIRE (memcmp (model.freed, model.must_free, (size_t) model.serials) == 0);
}

#endif /* MIR_TESTS_CONTAINERS_HTAB_MODEL_H */
