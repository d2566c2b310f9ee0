/* Every ready-made allocator: the contract, refused memory, threads, stacking.  */
#include "heap/heap-makers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mir.h"
#include "support/conformance.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

static const struct heap_maker *maker;

/* Run TEST once for each maker, under the name ALLOCATOR_WHAT.  */
static void for_each (const char *what, void (*test) (void), int only_any_thread) {
  char name[100];
  for (maker = heap_makers; maker->name != NULL; maker++) {
    if (only_any_thread && !maker->any_thread) continue;
    snprintf (name, sizeof (name), "%s_%s", maker->name, what);
    tap_run (name, test);
  }
}

/* The probe checks what a wrapper promises the allocator below, especially old sizes.  */
static void over_probe (void) {
  struct probe_alloc probe;
  probe_alloc_init (&probe);
  MIR_alloc_t alloc = maker->make (&probe.alloc);
  REQUIRE (alloc != NULL);
  conformance_run (alloc, CONFORM_ALL);
  maker->finish (alloc);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void over_default (void) {
  MIR_alloc_t alloc = maker->make (NULL);
  REQUIRE (alloc != NULL);
  conformance_run (alloc, CONFORM_ALL);
  maker->finish (alloc);
}

/* Refuse each call of the allocator below in turn, first alone, then with all calls after it.  */
static void refusals (void) {
  for (int forever = 0; forever < 2; forever++)
    for (long n = 0, failed = 1; failed != 0; n++) {
      struct probe_alloc probe;
      probe_alloc_init (&probe);
      probe_alloc_fail_after (&probe, n, forever);
      MIR_alloc_t alloc = maker->make (&probe.alloc);
      if (alloc != NULL) {
        CHECK_INT (conformance_scenario (alloc), 0);
        maker->finish (alloc);
      }
      failed = (long) probe.failed;
      CHECK_INT (probe_alloc_finish (&probe), 0);
      REQUIRE (n < 1000);
    }
}

/*---------------- Shrinks -----------------------------*/

/* The wrappers that promise of a shrink only what the allocator below does.  */
static int passes_shrinks_on (void) {
  static const char *const names[] = {"failing", "oom", "locked"};
  for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++)
    if (strcmp (maker->name, names[i]) == 0) return 1;
  return 0;
}

static void refuse_all (void *arg, int on) {
  MIR_failing_options_t options = {.size = sizeof (options), .nth = on != 0, .forever = on};
  REQUIRE (MIR_failing_set ((MIR_failing_t) arg, &options) == MIR_HEAP_OK);
}

/* Over a failing allocator, and a probe below that, which would see a wrong old size.  */
static void shrinks_over_refusals (void) {
  struct probe_alloc probe;
  MIR_failing_options_t none = {.size = sizeof (none)};
  MIR_failing_t failing;
  probe_alloc_init (&probe);
  REQUIRE (MIR_failing_create (&probe.alloc, &none, &failing) == MIR_HEAP_OK);
  MIR_alloc_t alloc = maker->make (&failing->alloc);
  REQUIRE (alloc != NULL);
  if (passes_shrinks_on ())
    conformance_refuses_shrinks (alloc, refuse_all, failing);
  else
    conformance_shrinks (alloc, refuse_all, failing);
  maker->finish (alloc);
  MIR_failing_finish (failing);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

/* What a stack promises does not depend on what stands on top of an allocator that promises it.  */
static void shrinks_over_a_sized (void) {
  struct probe_alloc probe;
  MIR_failing_options_t none = {.size = sizeof (none)};
  MIR_failing_t failing;
  MIR_sized_t sized;
  probe_alloc_init (&probe);
  REQUIRE (MIR_failing_create (&probe.alloc, &none, &failing) == MIR_HEAP_OK);
  REQUIRE (MIR_sized_create (&failing->alloc, &sized) == MIR_HEAP_OK);
  MIR_alloc_t alloc = maker->make (&sized->alloc);
  REQUIRE (alloc != NULL);
  conformance_shrinks (alloc, refuse_all, failing);
  maker->finish (alloc);
  MIR_sized_finish (sized);
  MIR_failing_finish (failing);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void refuse_but_shrinks (void *arg, int on) {
  MIR_failing_options_t options = {
      .size = sizeof (options), .nth = on != 0, .forever = on, .spare_shrinks = 1};
  REQUIRE (MIR_failing_set ((MIR_failing_t) arg, &options) == MIR_HEAP_OK);
}

static void failing_spares_shrinks (void) {
  MIR_failing_options_t none = {.size = sizeof (none)};
  MIR_failing_t failing;
  REQUIRE (MIR_failing_create (NULL, &none, &failing) == MIR_HEAP_OK);
  conformance_shrinks (&failing->alloc, refuse_but_shrinks, failing);
  MIR_failing_finish (failing);
}

/* mir-alloc-default.c over a realloc that is refused when it shrinks; with libc's names, because
   they can be replaced here.  */
static int refuse_libc;

static void *refusing_realloc (void *ptr, size_t size) {
  return refuse_libc ? NULL : realloc (ptr, size);
}

#define MIR_ALLOC_LIBC
#define realloc refusing_realloc
#include "mir-alloc-default.c"
#undef realloc

static void refuse_libc_realloc (void *arg, int on) {
  (void) arg;
  refuse_libc = on;
}

static void default_shrinks_over_refusals (void) {
  conformance_shrinks (&default_alloc, refuse_libc_realloc, NULL);
}

/*---------------- Threads and stacks -----------------------------*/

enum { THREADS = 4 };

static void *churn (void *alloc) {
  return (void *) conformance_churn ((MIR_alloc_t) alloc, (uintptr_t) &alloc, tap_scaled (20000));
}

static void churn_in_threads (MIR_alloc_t alloc) {
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) REQUIRE (pthread_create (&threads[i], NULL, churn, alloc) == 0);
  for (int i = 0; i < THREADS; i++) {
    void *wrong;
    pthread_join (threads[i], &wrong);
    CHECK_INT ((size_t) wrong, 0);
  }
}

static void threads (void) {
  struct probe_alloc probe;
  probe_alloc_init (&probe);
  MIR_alloc_t alloc = maker->make (&probe.alloc);
  REQUIRE (alloc != NULL);
  churn_in_threads (alloc);
  maker->finish (alloc);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void locked_makes_an_arena_safe_for_threads (void) {
  MIR_arena_t arena;
  MIR_locked_t locked;
  REQUIRE (MIR_arena_create (NULL, 0, &arena) == MIR_HEAP_OK);
  REQUIRE (MIR_locked_create (&arena->alloc, &locked) == MIR_HEAP_OK);
  churn_in_threads (&locked->alloc);
  MIR_locked_finish (locked);
  MIR_arena_finish (arena);
}

static void all_of_them_stack (void) {
  struct probe_alloc probe;
  MIR_alloc_t stack[16];
  int n = 0;
  probe_alloc_init (&probe);
  stack[0] = &probe.alloc;
  for (; heap_makers[n].name != NULL; n++) {
    stack[n + 1] = heap_makers[n].make (stack[n]);
    REQUIRE (stack[n + 1] != NULL);
  }
  conformance_run (stack[n], CONFORM_ALL);
  while (n-- > 0) heap_makers[n].finish (stack[n + 1]);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void a_context_runs_on_each (void) {
  for (const struct heap_maker *each = heap_makers; each->name != NULL; each++) {
    MIR_alloc_t alloc = each->make (NULL);
    REQUIRE (alloc != NULL);
    MIR_context_t ctx = MIR_init2 (alloc, NULL);
    CHECK (ctx != NULL);
    if (ctx != NULL) CHECK_PTR (MIR_get_alloc (ctx), alloc);
    MIR_finish (ctx);
    each->finish (alloc);
  }
}

static void default_conforms (void) {
  MIR_context_t ctx = MIR_init ();
  REQUIRE (ctx != NULL);
  conformance_run (MIR_get_alloc (ctx), CONFORM_ALL);
  churn_in_threads (MIR_get_alloc (ctx));
  MIR_finish (ctx);
}

static void every_status_has_a_text (void) {
  for (int i = MIR_HEAP_OK; i <= MIR_HEAP_BAD_MARK; i++)
    CHECK (strcmp (MIR_heap_status_text ((MIR_heap_status_t) i), "unknown status") != 0);
  CHECK_STR (MIR_heap_status_text ((MIR_heap_status_t) 99), "unknown status");
}

static void finish_allows_null (void) {
  MIR_heap_finish (NULL);
  MIR_arena_finish (NULL);
  MIR_checking_finish (NULL);
  MIR_limit_finish (NULL);
  MIR_failing_finish (NULL);
  MIR_oom_finish (NULL);
  MIR_locked_finish (NULL);
  MIR_sized_finish (NULL);
  MIR_stats_finish (NULL);
}

int main (void) {
  TEST_RUN (default_conforms);
  for_each ("conforms_over_a_probe", over_probe, 0);
  for_each ("conforms_over_mimalloc", over_default, 0);
  for_each ("survives_every_refusal", refusals, 0);
  for_each ("shrinks_whatever_is_refused_below", shrinks_over_refusals, 0);
  for_each ("shrinks_over_one_that_does", shrinks_over_a_sized, 0);
  TEST_RUN (failing_spares_shrinks);
  TEST_RUN (default_shrinks_over_refusals);
  for_each ("serves_threads", threads, 1);
  TEST_RUN (locked_makes_an_arena_safe_for_threads);
  TEST_RUN (all_of_them_stack);
  TEST_RUN (a_context_runs_on_each);
  TEST_RUN (every_status_has_a_text);
  TEST_RUN (finish_allows_null);
  return tap_done ();
}
