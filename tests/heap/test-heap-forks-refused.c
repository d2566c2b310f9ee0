/* Without memory for fork handlers no allocator with a lock is created, and nothing is lost.  */
#include "mir-heap.h"
#include "mir-trace.h"

#include <errno.h>

#include "support/probe-alloc.h"
#include "support/tap.h"

static int allowed; /* at first not: the library asks when it is loaded */

int __real_pthread_atfork (void (*before) (void), void (*parent) (void), void (*child) (void));
int __wrap_pthread_atfork (void (*before) (void), void (*parent) (void), void (*child) (void));

int __wrap_pthread_atfork (void (*before) (void), void (*parent) (void), void (*child) (void)) {
  return allowed ? __real_pthread_atfork (before, parent, child) : ENOMEM;
}

static void nothing_is_created_without_handlers (void) {
  struct probe_alloc probe;
  MIR_locked_t locked;
  MIR_checking_t checking;
  MIR_trace_t trace;
  MIR_trace_options_t options = {.size = sizeof (options), .own = &probe.alloc};
  probe_alloc_init (&probe);
  options.file = "/tmp/test-heap-forks-refused";
  CHECK_INT (MIR_locked_create (&probe.alloc, &locked), MIR_HEAP_NO_MEMORY);
  CHECK_INT (MIR_checking_create (&probe.alloc, NULL, &checking), MIR_HEAP_NO_MEMORY);
  CHECK_INT (MIR_trace_create (&options, &trace), MIR_TRACE_NO_MEMORY);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void it_is_once_there_are (void) {
  struct probe_alloc probe;
  MIR_locked_t locked;
  MIR_checking_t checking;
  allowed = 1;
  probe_alloc_init (&probe);
  REQUIRE (MIR_locked_create (&probe.alloc, &locked) == MIR_HEAP_OK);
  REQUIRE (MIR_checking_create (&locked->alloc, NULL, &checking) == MIR_HEAP_OK);
  CHECK_INT (MIR_checking_finish (checking), 0);
  MIR_locked_finish (locked);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

int main (void) {
  TEST_RUN (nothing_is_created_without_handlers);
  TEST_RUN (it_is_once_there_are);
  return tap_done ();
}
