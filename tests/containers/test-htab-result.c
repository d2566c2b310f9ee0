/* HTAB: after INSERT and REPLACE compilers know that the result is set, without an error hook; in this
   unit a warning that it may not be is an error.  */
#include "mir-htab.h"

#include "support/probe-alloc.h"
#include "support/tap.h"

typedef struct {
  int key;
  unsigned id;
} pair_t;

typedef struct {
  long key[3];
  unsigned id;
} large_t;

#define HASH(EL, ARG) ((htab_hash_t) (EL).key)
#define EQ(A, B, ARG) ((A).key == (B).key)
DEF_HTAB_BOUND (pair_t, HASH, EQ)
DEF_HTAB (large_t)

static htab_hash_t large_hash (large_t el, void *arg) {
  (void) arg;
  return (htab_hash_t) el.key[0];
}

static int large_eq (large_t a, large_t b, void *arg) {
  (void) arg;
  return a.key[0] == b.key[0];
}

static unsigned id_of_pair (HTAB (pair_t) *tab, int key, unsigned id) {
  pair_t pair = {key, id}, res;
  HTAB_DO (pair_t, tab, pair, HTAB_INSERT, res);
  return res.id;
}

static unsigned replaced_pair (HTAB (pair_t) *tab, int key, unsigned id) {
  pair_t pair = {key, id}, res;
  HTAB_DO (pair_t, tab, pair, HTAB_REPLACE, res);
  return res.id;
}

static unsigned id_of_large (HTAB (large_t) *tab, int key, unsigned id) {
  large_t large = {{key, 0, 0}, id}, res;
  HTAB_DO (large_t, tab, large, HTAB_INSERT, res);
  return res.id;
}

static unsigned replaced_large (HTAB (large_t) *tab, int key, unsigned id) {
  large_t large = {{key, 0, 0}, id}, res;
  HTAB_DO (large_t, tab, large, HTAB_REPLACE, res);
  return res.id;
}

static void the_result_needs_no_value_before (void) {
  struct probe_alloc probe;
  HTAB (pair_t) *pairs;
  HTAB (large_t) *larges;
  probe_alloc_init (&probe);
  HTAB_CREATE_BOUND (pair_t, pairs, &probe.alloc, 0, NULL, NULL);
  HTAB_CREATE (large_t, larges, &probe.alloc, 0, large_hash, large_eq, NULL);
  for (int i = 0; i < 100; i++) {
    unsigned id = (unsigned) i % 40, last = i < 40 ? id : id + 1;
    CHECK_INT (id_of_pair (pairs, i % 40, id), last);
    CHECK_INT (id_of_large (larges, i % 40, id), last);
    CHECK_INT (replaced_pair (pairs, i % 40, id + 1), id + 1);
    CHECK_INT (replaced_large (larges, i % 40, id + 1), id + 1);
  }
  HTAB_DESTROY (pair_t, pairs);
  HTAB_DESTROY (large_t, larges);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

int main (void) {
  TEST_RUN (the_result_needs_no_value_before);
  return tap_done ();
}
