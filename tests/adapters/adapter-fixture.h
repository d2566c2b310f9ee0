/* Checks for libraries that take an allocator per object: a JOB done with the library results in
   RIGHT on any allocator, or in NO_MEMORY after a refusal, and leaks nothing.  */
#ifndef MIR_TESTS_ADAPTERS_ADAPTER_FIXTURE_H
#define MIR_TESTS_ADAPTERS_ADAPTER_FIXTURE_H

#include "mir-heap.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

typedef int (*adapter_job_t) (MIR_alloc_t alloc);

/* Run JOB on the checking allocator; afterwards PROBE, which is below it, has the counts.  */
static inline void check_nothing_is_left (adapter_job_t job, int right, struct probe_alloc *probe) {
  MIR_checking_t checking;
  probe_alloc_init (probe);
  REQUIRE (MIR_checking_create (&probe->alloc, NULL, &checking) == MIR_HEAP_OK);
  CHECK_INT (job (&checking->alloc), right);
  CHECK_INT (MIR_checking_finish (checking), 0);
  CHECK_INT (probe_alloc_finish (probe), 0);
}

/* Run JOB once for each of its allocations, with that one refused.  */
static inline void check_every_refusal (adapter_job_t job, int right, int no_memory) {
  for (long n = 0, failed = 1; failed != 0; n++) {
    struct probe_alloc probe;
    probe_alloc_init (&probe);
    probe_alloc_fail_after (&probe, n, 0);
    int res = job (&probe.alloc);
    failed = (long) probe.failed;
    CHECK_INT (res, failed != 0 ? no_memory : right);
    CHECK_INT (probe_alloc_finish (&probe), 0);
    REQUIRE (n < 100);
  }
}

#endif /* MIR_TESTS_ADAPTERS_ADAPTER_FIXTURE_H */
