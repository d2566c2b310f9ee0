/* Out-of-memory sweeps for containers, in each way in which a container can learn of a failure.

   Include this file before mir-varr.h and mir-htab.h: it defines their error hook.  */
#ifndef MIR_TESTS_CONTAINERS_CONTAINER_FAILURE_H
#define MIR_TESTS_CONTAINERS_CONTAINER_FAILURE_H

#include <setjmp.h>

#include "support/probe-alloc.h"
#include "support/tap.h"

enum failure_way {
  HOOK_RETURNS,
  HOOK_LEAVES,      /* by longjmp */
  ALLOCATOR_LEAVES, /* by longjmp, before the container sees a NULL */
  FAILURE_WAYS
};

static struct probe_alloc probe;
static struct MIR_alloc failing; /* the probe; leaves by longjmp for ALLOCATOR_LEAVES */
static enum failure_way failure_way;
static jmp_buf failure_exit;
static int failures_seen; /* calls of the hook, or jumps of the allocator */
static const char *failure_message;

static void leave_if (enum failure_way way) {
  if (failure_way == way) longjmp (failure_exit, 1);
}

static void on_container_error (const char *message) {
  failures_seen++;
  failure_message = message;
  leave_if (HOOK_LEAVES);
}

#define MIR_VARR_ERROR(MESSAGE) on_container_error (MESSAGE)
#define MIR_HTAB_ERROR(MESSAGE) on_container_error (MESSAGE)

static void *failing_malloc (size_t size, void *user_data) {
  void *result = probe.alloc.malloc (size, user_data);
  if (result == NULL && failure_way == ALLOCATOR_LEAVES) failures_seen++;
  if (result == NULL) leave_if (ALLOCATOR_LEAVES);
  return result;
}

static void *failing_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  void *result = probe.alloc.realloc (ptr, old_size, new_size, user_data);
  if (result == NULL && failure_way == ALLOCATOR_LEAVES) failures_seen++;
  if (result == NULL) leave_if (ALLOCATOR_LEAVES);
  return result;
}

static void failure_init (enum failure_way way) {
  probe_alloc_init (&probe);
  failing = probe.alloc;
  failing.malloc = failing_malloc;
  failing.realloc = failing_realloc;
  failure_way = way;
  failures_seen = 0;
  failure_message = "";
}

/* Run STEP; return the number of failures it met.  */
static int failures_of (void (*step) (void)) {
  int before = failures_seen;
  if (setjmp (failure_exit) == 0) step ();
  return failures_seen - before;
}

/* Run LIVE, one life of a container, once for each of its allocations, with that allocation failing
   alone or together with all later ones, in every way.  LIVE makes at least LEAST allocations.  */
static inline void fail_everywhere (void (*live) (void), long least) {
  for (int mode = 0; mode < 2 * FAILURE_WAYS; mode++) {
    enum failure_way way = (enum failure_way) (mode / 2);
    int forever = mode % 2;
    size_t failed = 1;
    long points = -1;
    for (; failed != 0; points++) {
      failure_init (way);
      probe_alloc_fail_after (&probe, points + 1, forever);
      live ();
      failed = probe.failed;
      REQUIRE (probe_alloc_finish (&probe) == 0);
    }
    tap_note ("way %d, forever %d: %ld failure points", way, forever, points);
    CHECK (points >= least);
  }
}

#endif /* MIR_TESTS_CONTAINERS_CONTAINER_FAILURE_H */
