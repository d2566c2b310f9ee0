/* VARR against an array grown by hand on the same allocator, HTAB against uthash.  */
#include "bench.h"
#include "mir.h"
#include "mir-htab.h"

#include <stdlib.h>
#include <uthash.h>

enum { OPS = 100000, LIVE = 100 };

static MIR_alloc_t alloc;

/*---------------- Arrays -----------------------------*/
DEF_VARR (int)

static void push_by_hand (void) {
  size_t size = 64, num = 0;
  int *els = (int *) MIR_malloc (alloc, size * sizeof (int));
  for (int i = 0; i < OPS; i++) {
    if (num == size) {
      els = (int *) MIR_realloc (alloc, els, size * sizeof (int), 3 * size / 2 * sizeof (int));
      size = 3 * size / 2;
    }
    els[num++] = i;
  }
  bench_touch (els);
  MIR_free (alloc, els);
}

static void push_varr (void) {
  VARR (int) *els;
  VARR_CREATE (int, els, alloc, 0);
  for (int i = 0; i < OPS; i++) VARR_PUSH (int, els, i);
  bench_touch (VARR_ADDR (int, els));
  VARR_DESTROY (int, els);
}

/*---------------- Tables of ints -----------------------------*/
struct item {
  int key;
  UT_hash_handle hh;
};

typedef struct pair {
  int key, value;
} pair;
DEF_HTAB (pair)

static htab_hash_t hash_pair (pair el, void *arg) {
  (void) arg;
  return (htab_hash_t) el.key * 2654435761u;
}

static int eq_pairs (pair a, pair b, void *arg) {
  (void) arg;
  return a.key == b.key;
}

static struct item *add_item (struct item **table, int key) {
  struct item *item = (struct item *) malloc (sizeof (*item));
  if (item == NULL) abort ();
  item->key = key;
  HASH_ADD_INT (*table, key, item);
  return item;
}

static void clear_items (struct item **table) {
  struct item *item, *next;
  HASH_ITER (hh, *table, item, next) {
    HASH_DEL (*table, item);
    free (item);
  }
}

static void insert_and_find_uthash (void) {
  struct item *table = NULL, *found;
  for (int i = 0; i < OPS; i++) add_item (&table, i * 7);
  for (int i = 0; i < OPS; i++) {
    int key = i * 7;
    HASH_FIND_INT (table, &key, found);
    bench_touch (found);
  }
  clear_items (&table);
}

static void insert_and_find_htab (void) {
  HTAB (pair) *table;
  pair found;
  HTAB_CREATE (pair, table, alloc, 0, hash_pair, eq_pairs, NULL);
  for (int i = 0; i < OPS; i++) {
    pair el = {i * 7, i};
    HTAB_DO (pair, table, el, HTAB_INSERT, found);
  }
  for (int i = 0; i < OPS; i++) {
    pair el = {i * 7, 0};
    HTAB_DO (pair, table, el, HTAB_FIND, found);
    bench_touch (&found);
  }
  HTAB_DESTROY (pair, table);
}

static void churn_uthash (void) {
  struct item *table = NULL, *found;
  for (int i = 0; i < OPS; i++) {
    int old = i - LIVE;
    add_item (&table, i);
    HASH_FIND_INT (table, &old, found);
    if (found == NULL) continue;
    HASH_DEL (table, found);
    free (found);
  }
  clear_items (&table);
}

static void churn_htab (void) {
  HTAB (pair) *table;
  pair found;
  HTAB_CREATE (pair, table, alloc, 0, hash_pair, eq_pairs, NULL);
  for (int i = 0; i < OPS; i++) {
    pair el = {i, i}, old = {i - LIVE, 0};
    HTAB_DO (pair, table, el, HTAB_INSERT, found);
    HTAB_DO (pair, table, old, HTAB_DELETE, found);
  }
  HTAB_DESTROY (pair, table);
}

int main (int argc, char **argv) {
  static const struct bench_side push[] = {{.name = "array grown by hand", .run = push_by_hand},
                                           {.name = "VARR", .run = push_varr},
                                           {.name = NULL}};
  static const struct bench_side find[] = {{.name = "uthash", .run = insert_and_find_uthash},
                                           {.name = "HTAB", .run = insert_and_find_htab},
                                           {.name = NULL}};
  static const struct bench_side churn[] = {
      {.name = "uthash", .run = churn_uthash}, {.name = "HTAB", .run = churn_htab}, {.name = NULL}};
  MIR_context_t ctx = MIR_init ();
  if (ctx == NULL) return 1;
  alloc = MIR_get_alloc (ctx);
  bench_start (argc, argv);
  bench_compare ("containers: push an int", OPS, push);
  bench_compare ("containers: insert and find one of 100000 ints", OPS, find);
  bench_compare ("containers: insert one, delete the oldest of 100", OPS, churn);
  MIR_finish (ctx);
  return 0;
}
