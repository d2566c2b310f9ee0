/* A MIR_alloc for tests: counts, fences and poisons every block, and fails at the n-th call.

   The probe checks the caller's side of the contract: a block is freed once and with its own
   pointer, realloc gets the exact old size, nothing is written outside a block.  Every violation is
   counted in `broken`, the first ones are printed as notes, and the program goes on.  Fresh and
   freed bytes are poisoned and realloc always moves, so that a stale pointer shows.  Any thread;
   takes a lock; read the counters only while no other thread uses the probe.  */
#ifndef MIR_TESTS_SUPPORT_PROBE_ALLOC_H
#define MIR_TESTS_SUPPORT_PROBE_ALLOC_H

#include <pthread.h>
#include <stddef.h> /* size_t */

#include "mir-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

struct probe_block; /* the record of one live block, kept apart from the block */

enum { PROBE_BUCKETS = 1024 };

struct probe_alloc {
  struct MIR_alloc alloc; /* pass &probe.alloc */
  size_t calls;           /* of malloc, calloc and realloc, including failed ones */
  size_t frees;           /* calls of free, except free (NULL) */
  size_t live_blocks, live_bytes, peak_bytes;
  size_t broken;    /* violations of the contract by the caller */
  long fail_in;     /* calls that still succeed before one returns NULL; < 0: none fails */
  int fail_forever; /* after the first failure every call fails */
  size_t failed;    /* calls that returned NULL because of fail_in or fail_forever */
  struct probe_block *buckets[PROBE_BUCKETS]; /* all live blocks, by address */
  pthread_mutex_t lock;
};

/* Initialise PROBE; no call fails yet.  PROBE must not move: the allocator keeps its address.  */
void probe_alloc_init (struct probe_alloc *probe);
/* Let SUCCESSES more calls succeed, then the next one fail, and all after it if FOREVER.  SUCCESSES
   < 0: none fails.  */
void probe_alloc_fail_after (struct probe_alloc *probe, long successes, int forever);
/* Check the fences of all live blocks; return `broken`.  */
size_t probe_alloc_check (struct probe_alloc *probe);
/* Free all live blocks, report them as leaked, and return their number plus `broken`.  */
size_t probe_alloc_finish (struct probe_alloc *probe);

#ifdef __cplusplus
}
#endif

#endif /* MIR_TESTS_SUPPORT_PROBE_ALLOC_H */
