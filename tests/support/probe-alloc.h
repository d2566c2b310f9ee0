/* A MIR_alloc for tests: counts, fences and poisons every block, fails at the n-th call.

   It checks what a caller promises: a block is freed once and with its own pointer, realloc gets
   the exact old size, nothing is written outside a block.  Every broken promise is counted in
   `broken`, the first ones are printed as notes, and the program goes on.  Fresh and freed bytes
   are poisoned and realloc always moves, so that a stale pointer shows.  Any thread; takes a lock;
   the counters are read when no other thread is at work.  */
#ifndef MIR_TESTS_SUPPORT_PROBE_ALLOC_H
#define MIR_TESTS_SUPPORT_PROBE_ALLOC_H

#include <pthread.h>
#include <stddef.h> /* size_t */

#include "mir-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

struct probe_block; /* what the probe knows about one live block; kept apart from the block */

enum { PROBE_BUCKETS = 1024 };

struct probe_alloc {
  struct MIR_alloc alloc; /* pass &probe.alloc */
  size_t calls;           /* of malloc, calloc and realloc, failed ones too */
  size_t frees;           /* of free, without free (NULL) */
  size_t live_blocks, live_bytes, peak_bytes;
  size_t broken;    /* promises the caller broke */
  long fail_in;     /* so many more calls succeed, then one returns NULL; < 0: none fails */
  int fail_forever; /* after the first failure every call fails */
  size_t failed;    /* calls which returned NULL because of fail_in or fail_forever */
  struct probe_block *buckets[PROBE_BUCKETS]; /* all live blocks, by address */
  pthread_mutex_t lock;
};

/* Nothing fails until told to.  PROBE is used by address: it must stay where it is.  */
void probe_alloc_init (struct probe_alloc *probe);
/* Let SUCCESSES calls succeed and the next one fail (all following ones too if FOREVER); < 0 ends
   failing.  */
void probe_alloc_fail_after (struct probe_alloc *probe, long successes, int forever);
/* Walk all live blocks and check their fences; return `broken`.  */
size_t probe_alloc_check (struct probe_alloc *probe);
/* Free what is still live, note it as leaked, and return the number of leaked blocks plus
   `broken`.  */
size_t probe_alloc_finish (struct probe_alloc *probe);

#ifdef __cplusplus
}
#endif

#endif /* MIR_TESTS_SUPPORT_PROBE_ALLOC_H */
