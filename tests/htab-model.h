/* A table of items beside a plain array which does the same, to compare the two after any step.

   key      what hash and eq see;  serial: tells two items of one key apart
   freed    how often free_func got the item of each serial

   The model is a list in the order of insertion, searched from the front.  */
#ifndef HTAB_MODEL_H
#define HTAB_MODEL_H

#include <string.h> /* memmove */

#include "mir-htab.h"

#include "tap.h"

enum { MODEL_MAX = 4000, MODEL_SERIALS = 100000 };

typedef struct item {
  int key, serial;
} item_t;

DEF_HTAB (item_t)

struct model {
  item_t items[MODEL_MAX];
  size_t length;
  unsigned char freed[MODEL_SERIALS];     /* by the table */
  unsigned char must_free[MODEL_SERIALS]; /* by the table, so far */
  int serials;                            /* used */
};

static struct model model;
static HTAB (item_t) *tab;

static int item_eq (item_t a, item_t b, void *arg) {
  (void) arg;
  return a.key == b.key;
}

static void free_item (item_t item, void *arg) {
  CHECK_PTR (arg, &model);
  model.freed[item.serial]++;
}

static void model_init (void) {
  memset (&model, 0, sizeof model);
}

static item_t new_item (int key) {
  item_t item = {key, model.serials++};
  REQUIRE (model.serials < MODEL_SERIALS);
  return item;
}

/* What HTAB_DO promises, in plain words.  */
static int model_do (item_t item, enum htab_action action, item_t *res) {
  size_t i = 0;
  while (i < model.length && model.items[i].key != item.key) i++;
  if (i == model.length) {
    if (action == HTAB_FIND || action == HTAB_DELETE) return FALSE;
    REQUIRE (model.length < MODEL_MAX);
    *res = model.items[model.length++] = item;
    return FALSE;
  }
  if (action == HTAB_DELETE || action == HTAB_REPLACE) model.must_free[model.items[i].serial]++;
  if (action == HTAB_REPLACE) model.items[i] = item;
  if (action != HTAB_DELETE) {
    *res = model.items[i];
  } else {
    model.length--;
    memmove (&model.items[i], &model.items[i + 1], (model.length - i) * sizeof (item_t));
  }
  return TRUE;
}

static void model_clear (void) {
  for (size_t i = 0; i < model.length; i++) model.must_free[model.items[i].serial]++;
  model.length = 0;
}

static void compare_item (item_t item, void *arg) {
  size_t *i = (size_t *) arg;
  REQUIRE (*i < model.length);
  CHECK_INT (item.key, model.items[*i].key);
  CHECK_INT (item.serial, model.items[*i].serial);
  ++*i;
}

/* Same items in the same order, and every item freed as often as it should be.  */
static void check_model (void) {
  size_t i = 0;
  REQUIRE (HTAB_ELS_NUM (item_t, tab) == model.length);
  HTAB_FOREACH_ELEM (item_t, tab, compare_item, &i);
  CHECK_INT (i, model.length);
  REQUIRE (memcmp (model.freed, model.must_free, (size_t) model.serials) == 0);
}

#endif /* HTAB_MODEL_H */
