/* VARR and HTAB: misuse, and a failure without an error hook, stop the program.  POSIX only: each
   happens in a child process, whose exit status and stderr are compared.

   The checks are enabled although NDEBUG is defined, and no error hook is defined.  */
#ifndef NDEBUG
#define NDEBUG
#endif
#define VARR_ENABLE_CHECKING
#define HTAB_ENABLE_CHECKING
#include "mir-htab.h"

#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>

#include "support/child.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

DEF_VARR (int)
DEF_HTAB (int)

static struct probe_alloc probe;
static VARR (int) *v;
static HTAB (int) *tab;
static char last_words[200];

/* What the child does, which ends it; without a core file.  */
static void (*mistake) (void);

static int make_the_mistake (void) {
  const struct rlimit no_core = {0, 0};
  setrlimit (RLIMIT_CORE, &no_core);
  mistake ();
  return 0;
}

/* Run WRONG in a child and store what it wrote to stderr in last_words.  */
static struct child_end end_of (void (*wrong) (void)) {
  mistake = wrong;
  return run_child (make_the_mistake, last_words, sizeof (last_words));
}

static void setup (void) {
  probe_alloc_init (&probe);
  VARR_CREATE (int, v, &probe.alloc, 4);
}

static void teardown (void) {
  if (v != NULL) VARR_DESTROY (int, v);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void check_aborts (void (*wrong) (void), const char *words) {
  setup ();
  CHECK_INT (end_of (wrong).signal, SIGABRT);
  CHECK_STR (last_words, words);
  teardown ();
}

static void check_exits (void (*wrong) (void), const char *words) {
  setup ();
  CHECK_INT (end_of (wrong).status, 1);
  CHECK_STR (last_words, words);
  teardown ();
}

static void get_behind_the_end (void) {
  VARR_GET (int, v, 0);
}

static void set_behind_the_end (void) {
  VARR_SET (int, v, 3, 1);
}

static void pop_nothing (void) {
  VARR_POP (int, v);
}

static void last_of_nothing (void) {
  VARR_LAST (int, v);
}

static void trunc_to_more (void) {
  VARR_TRUNC (int, v, 1);
}

static void destroy_null_array (void) {
  v = NULL;
  VARR_DESTROY (int, v);
}

static void push_to_null_array (void) {
  v = NULL;
  VARR_PUSH (int, v, 1);
}

static void a_wrong_use_of_an_array_aborts (void) {
  check_aborts (get_behind_the_end, "wrong get for VARR (int)\n");
  check_aborts (set_behind_the_end, "wrong set for VARR (int)\n");
  check_aborts (pop_nothing, "wrong pop for VARR (int)\n");
  check_aborts (last_of_nothing, "wrong last for VARR (int)\n");
  check_aborts (trunc_to_more, "wrong trunc for VARR (int)\n");
  check_aborts (destroy_null_array, "wrong destroy for VARR (int)\n");
  check_aborts (push_to_null_array, "wrong push for VARR (int)\n");
}

static void do_null_table (void) {
  int result;
  HTAB_DO (int, tab, 1, HTAB_FIND, result);
}

static void clear_null_table (void) {
  HTAB_CLEAR (int, tab);
}

static void destroy_null_table (void) {
  HTAB_DESTROY (int, tab);
}

static void a_wrong_use_of_a_table_aborts (void) {
  tab = NULL;
  check_aborts (do_null_table, "wrong do for HTAB (int)\n");
  check_aborts (clear_null_table, "wrong clear for HTAB (int)\n");
  check_aborts (destroy_null_table, "wrong destroy for HTAB (int)\n");
}

static htab_hash_t int_hash (int el, void *arg) {
  (void) arg;
  return (htab_hash_t) el;
}

static int int_eq (int a, int b, void *arg) {
  (void) arg;
  return a == b;
}

static void create_array_without_memory (void) {
  VARR (int) *second;
  probe_alloc_fail_after (&probe, 1, 1);
  VARR_CREATE (int, second, &probe.alloc, 0);
}

static void push_without_memory (void) {
  probe_alloc_fail_after (&probe, 0, 1);
  for (int i = 0; i < 5; i++) VARR_PUSH (int, v, i);
}

static void create_table_without_memory (void) {
  probe_alloc_fail_after (&probe, 0, 1);
  HTAB_CREATE (int, tab, &probe.alloc, 0, int_hash, int_eq, NULL);
}

static void insert_without_memory (void) {
  int result;
  HTAB_CREATE (int, tab, &probe.alloc, 0, int_hash, int_eq, NULL);
  probe_alloc_fail_after (&probe, 0, 1);
  for (int i = 0; i < 17; i++) HTAB_DO (int, tab, i, HTAB_INSERT, result);
}

static void create_too_large_table (void) {
  HTAB_CREATE (int, tab, &probe.alloc, ~0u, int_hash, int_eq, NULL);
}

static void no_memory_without_a_hook_prints_a_line_and_exits (void) {
  check_exits (create_array_without_memory, "varr: no memory\n");
  check_exits (push_without_memory, "varr: no memory\n");
  check_exits (create_table_without_memory, "htab: no memory\n");
  check_exits (insert_without_memory, "htab: no memory\n");
  check_exits (create_too_large_table, "htab: too many elements\n");
}

int main (void) {
  TEST_RUN (a_wrong_use_of_an_array_aborts);
  TEST_RUN (a_wrong_use_of_a_table_aborts);
  TEST_RUN (no_memory_without_a_hook_prints_a_line_and_exits);
  return tap_done ();
}
