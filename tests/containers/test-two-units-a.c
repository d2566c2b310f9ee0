/* VARR and HTAB in two units of one program, this one without an error hook and the other with one;
   the units use each other's containers.  */
#include "mir-htab.h"

#include "support/probe-alloc.h"
#include "support/tap.h"

DEF_VARR (int)
DEF_HTAB (int)

/* Defined in test-two-units-b.c.  */
extern int errors_in_b;
void push_in_b (VARR (int) *v, int el);
int insert_in_b (HTAB (int) *tab, int el);
HTAB (int) *create_in_b (MIR_alloc_t alloc);

static struct probe_alloc probe;

static void an_array_is_used_by_both_units (void) {
  VARR (int) *v;
  probe_alloc_init (&probe);
  VARR_CREATE (int, v, &probe.alloc, 1);
  for (int i = 0; i < 100; i += 2) {
    VARR_PUSH (int, v, i);
    push_in_b (v, i + 1);
  }
  for (size_t i = 0; i < 100; i++) CHECK_INT (VARR_GET (int, v, i), i);
  VARR_DESTROY (int, v);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void a_table_is_used_by_both_units (void) {
  int result;
  probe_alloc_init (&probe);
  HTAB (int) *tab = create_in_b (&probe.alloc);
  for (int i = 0; i < 100; i += 2) {
    CHECK_INT (HTAB_DO (int, tab, i, HTAB_INSERT, result), FALSE);
    CHECK_INT (insert_in_b (tab, i + 1), FALSE);
    CHECK_INT (insert_in_b (tab, i), TRUE);
  }
  CHECK_INT (HTAB_ELS_NUM (int, tab), 100);
  HTAB_DESTROY (int, tab);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void each_unit_has_its_own_hook (void) {
  VARR (int) *v;
  probe_alloc_init (&probe);
  VARR_CREATE (int, v, &probe.alloc, 1);
  VARR_PUSH (int, v, 1);
  probe_alloc_fail_after (&probe, 0, 0);
  push_in_b (v, 2);
  CHECK_INT (errors_in_b, 1);
  CHECK_INT (VARR_LENGTH (int, v), 1);
  VARR_DESTROY (int, v);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

int main (void) {
  TEST_RUN (an_array_is_used_by_both_units);
  TEST_RUN (a_table_is_used_by_both_units);
  TEST_RUN (each_unit_has_its_own_hook);
  return tap_done ();
}
