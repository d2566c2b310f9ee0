// VARR and HTAB in C++17, included inside an extern "C" block, as MIR's mir.h does.
extern "C" {
#include "mir-htab.h"
}

#include <cstring>
#include <string>
#include <vector>

#include "support/probe-alloc.h"
#include "support/tap.h"

namespace {

struct pair {
  const char *name;
  double value;
  pair (const char *n, double v) : name (n), value (v) {}  // no default constructor
};
using pair_t = pair;
using name_t = const char *;

DEF_VARR (int)
DEF_VARR (char);
DEF_VARR (name_t)
DEF_VARR (pair_t)
DEF_HTAB (name_t)
DEF_HTAB (pair_t);

struct probe_alloc probe;

htab_hash_t name_hash (name_t name, void *) {
  htab_hash_t h = 0;
  while (*name != 0) h = h * 31 + static_cast<unsigned char> (*name++);
  return h;
}
int name_eq (name_t a, name_t b, void *) {
  return std::strcmp (a, b) == 0;
}
htab_hash_t pair_hash (pair_t p, void *) {
  return name_hash (p.name, nullptr);
}
int pair_eq (pair_t a, pair_t b, void *) {
  return name_eq (a.name, b.name, nullptr);
}
void count_freed (pair_t, void *arg) {
  ++*static_cast<int *> (arg);
}

void arrays_hold_structs_and_pointers () {
  probe_alloc_init (&probe);
  VARR (pair_t) *pairs;
  VARR (name_t) *names;
  VARR_CREATE (pair_t, pairs, &probe.alloc, 1);
  VARR_CREATE (name_t, names, &probe.alloc, 0);
  for (int i = 0; i < 100; i++) {
    VARR_PUSH (pair_t, pairs, pair_t ("x", i));
    VARR_PUSH (name_t, names, "y");
  }
  VARR_PUSH_ARR (pair_t, pairs, VARR_ADDR (pair_t, pairs), 100);
  CHECK_INT (VARR_GET (pair_t, pairs, 150).value, 50);
  std::size_t i;
  pair_t el ("", 0);
  double sum = 0;
  VARR_FOREACH_ELEM (pair_t, pairs, i, el) {
    sum += el.value;
  }
  CHECK_INT (sum, 9900);
  CHECK_STR (VARR_LAST (name_t, names), "y");
  VARR_TAILOR (name_t, names, 0);
  VARR_PUSH (name_t, names, "z");
  CHECK_STR (VARR_POP (name_t, names), "z");
  VARR_DESTROY (pair_t, pairs);
  VARR_DESTROY (name_t, names);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

void append_name (name_t name, void *arg) {
  static_cast<std::vector<std::string> *> (arg)->push_back (name);
}

void tables_hold_structs_and_pointers () {
  probe_alloc_init (&probe);
  HTAB (pair_t) *pairs;
  HTAB (name_t) *names;
  int freed = 0;
  HTAB_CREATE_WITH_FREE_FUNC (pair_t, pairs, &probe.alloc, 2, pair_hash, pair_eq, count_freed,
                              &freed);
  HTAB_CREATE (name_t, names, &probe.alloc, 2, name_hash, name_eq, nullptr);
  pair_t result ("", 0);
  CHECK_INT (HTAB_DO (pair_t, pairs, pair_t ("one", 1), HTAB_INSERT, result), FALSE);
  CHECK_INT (HTAB_DO (pair_t, pairs, pair_t ("one", 2), HTAB_REPLACE, result), TRUE);
  CHECK_INT (HTAB_DO (pair_t, pairs, pair_t ("two", 3), HTAB_INSERT, result), FALSE);
  CHECK_INT (HTAB_DO (pair_t, pairs, pair_t ("one", 0), HTAB_FIND, result), TRUE);
  CHECK_INT (result.value, 2);
  CHECK_INT (freed, 1);
  HTAB_DESTROY (pair_t, pairs);
  CHECK_INT (freed, 3);

  name_t name = "a";
  for (const char *n : {"c", "a", "b", "a"}) HTAB_DO (name_t, names, n, HTAB_INSERT, name);
  HTAB_DO (name_t, names, "c", HTAB_DELETE, name);
  HTAB_DO (name_t, names, "c", HTAB_INSERT, name);
  std::vector<std::string> seen;
  HTAB_FOREACH_ELEM (name_t, names, append_name, &seen);
  CHECK ((seen == std::vector<std::string>{"a", "b", "c"}));
  HTAB_CLEAR (name_t, names);
  CHECK_INT (HTAB_ELS_NUM (name_t, names), 0);
  HTAB_DESTROY (name_t, names);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

}  // namespace

int main () {
  TEST_RUN (arrays_hold_structs_and_pointers);
  TEST_RUN (tables_hold_structs_and_pointers);
  return tap_done ();
}
