/* The adapters to the usual forms of malloc, realloc and free, in both directions.  */
#include "adapters/mir-globals.h"
#include "adapters/mir-legacy.h"

#include <stdlib.h>
#include <string.h>

#include "support/conformance.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

MIR_GLOBALS (loop)
MIR_FROM_GLOBALS (back_alloc, loop_malloc, loop_calloc, loop_realloc, loop_free)
MIR_FROM_GLOBALS (libc_alloc, malloc, calloc, realloc, free)

/* Run the conformance scenario on ALLOC with the n-th call of PROBE refused, for every n.  */
static void sweep (MIR_alloc_t alloc, struct probe_alloc *probe) {
  for (long n = 0, failed = 1; failed != 0; n++) {
    size_t before = probe->failed;
    probe_alloc_fail_after (probe, n, 0);
    CHECK_INT (conformance_scenario (alloc), 0);
    failed = (long) (probe->failed - before);
    probe_alloc_fail_after (probe, -1, 0);
    REQUIRE (n < 1000);
  }
}

/* Refuse all memory of the probe at ARG, or none.  */
static void refuse_all (void *arg, int on) {
  probe_alloc_fail_after ((struct probe_alloc *) arg, on ? 0 : -1, on);
}

static void legacy_with (void *(*realloc_func) (void *, size_t, void *) ) {
  struct probe_alloc probe;
  MIR_sized_t sized;
  MIR_from_legacy_t from;
  probe_alloc_init (&probe);
  REQUIRE (MIR_sized_create (&probe.alloc, &sized) == MIR_HEAP_OK);
  MIR_from_legacy_init (&from, MIR_legacy_malloc, realloc_func, MIR_legacy_free, sized);
  conformance_run (&from.alloc, CONFORM_ALL);
  sweep (&from.alloc, &probe);
  conformance_shrinks (&from.alloc, refuse_all, &probe);
  MIR_sized_finish (sized);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void legacy_functions_conform_there_and_back (void) {
  legacy_with (MIR_legacy_realloc);
}

static void legacy_functions_without_realloc_conform (void) {
  legacy_with (NULL);
}

static void global_functions_conform_there_and_back (void) {
  struct probe_alloc probe;
  probe_alloc_init (&probe);
  REQUIRE (MIR_sized_create (&probe.alloc, &loop_sized) == MIR_HEAP_OK);
  conformance_run (&back_alloc, CONFORM_ALL);
  sweep (&back_alloc, &probe);
  MIR_sized_finish (loop_sized);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

/* No huge sizes: memory checkers report them as errors.  */
static void libc_conforms (void) {
  conformance_run (&libc_alloc, CONFORM_NO_HUGE);
}

/* The function types of uv_replace_allocator, and a library that uses them.  */
typedef void *(*uv_malloc_func) (size_t size);
typedef void *(*uv_realloc_func) (void *ptr, size_t size);
typedef void *(*uv_calloc_func) (size_t count, size_t size);
typedef void (*uv_free_func) (void *ptr);

static int use_library (uv_malloc_func malloc_func, uv_realloc_func realloc_func,
                        uv_calloc_func calloc_func, uv_free_func free_func) {
  char *text = (char *) malloc_func (6), *zeroes = (char *) calloc_func (3, 5);
  strcpy (text, "hello");
  text = (char *) realloc_func (text, 1000);
  int res = strcmp (text, "hello") == 0 && zeroes[14] == 0;
  free_func (text);
  free_func (zeroes);
  free_func (NULL);
  return res;
}

static void a_library_with_globals_is_served (void) {
  struct probe_alloc probe;
  probe_alloc_init (&probe);
  REQUIRE (MIR_sized_create (&probe.alloc, &loop_sized) == MIR_HEAP_OK);
  CHECK (use_library (loop_malloc, loop_realloc, loop_calloc, loop_free));
  CHECK_INT (probe.calls, 4);
  MIR_sized_finish (loop_sized);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

int main (void) {
  TEST_RUN (legacy_functions_conform_there_and_back);
  TEST_RUN (legacy_functions_without_realloc_conform);
  TEST_RUN (global_functions_conform_there_and_back);
  TEST_RUN (libc_conforms);
  TEST_RUN (a_library_with_globals_is_served);
  return tap_done ();
}
