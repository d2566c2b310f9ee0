/* VARR and HTAB: with NDEBUG the checks are off, and their conditions are not evaluated.  */
#ifndef NDEBUG
#define NDEBUG
#endif
#include "mir-htab.h"

#include "support/probe-alloc.h"
#include "support/tap.h"

#if defined(VARR_ENABLE_CHECKING) || defined(HTAB_ENABLE_CHECKING)
#error "NDEBUG must turn the checks off"
#endif

DEF_VARR (int)

static int evaluated;

static int evaluate (void) {
  return evaluated++;
}

static void conditions_are_not_evaluated (void) {
  VARR_ASSERT (evaluate (), "evaluation", int);
  HTAB_ASSERT (evaluate (), "evaluation", int);
  evaluate ();
  CHECK_INT (evaluated, 1);
}

static void what_a_check_would_refuse_is_not_looked_at (void) {
  struct probe_alloc probe;
  VARR (int) *v;
  probe_alloc_init (&probe);
  VARR_CREATE (int, v, &probe.alloc, 10);
  VARR_ADDR (int, v)[3] = 7;
  CHECK_INT (VARR_GET (int, v, 3), 7);
  VARR_TRUNC (int, v, 4);
  CHECK_INT (VARR_LENGTH (int, v), 4);
  CHECK_INT (VARR_POP (int, v), 7);
  VARR_DESTROY (int, v);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

int main (void) {
  TEST_RUN (conditions_are_not_evaluated);
  TEST_RUN (what_a_check_would_refuse_is_not_looked_at);
  return tap_done ();
}
