/* A MIR_code_alloc for tests: real pages, real protections, failures on demand.

   Pages are inaccessible until mem_protect, so reading, writing or executing them too early ends
   the test at once.  The probe checks the caller's side of the contract: page-aligned ranges,
   mem_unmap of exactly one range, mem_protect inside one range.  Every violation is counted in
   `broken` and printed as a note.  Any thread; takes a lock.  */
#ifndef MIR_TESTS_SUPPORT_PROBE_CODE_ALLOC_H
#define MIR_TESTS_SUPPORT_PROBE_CODE_ALLOC_H

#include <pthread.h>
#include <stddef.h> /* size_t */

#include "mir-code-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

enum probe_access { PROBE_NONE, PROBE_WRITE_EXEC, PROBE_READ_EXEC };

enum { PROBE_MAX_RANGES = 64 };

struct probe_range {
  char *start;
  size_t len;            /* bytes; 0: a free entry */
  unsigned char *access; /* enum probe_access of each page */
};

struct probe_code_alloc {
  struct MIR_code_alloc alloc;                 /* pass &probe.alloc */
  size_t page_size;                            /* bytes */
  size_t maps, unmaps, protects, opened_pages; /* pages given PROT_WRITE_EXEC, over all calls */
  size_t mapped_bytes;                         /* now */
  size_t broken;                               /* violations of the contract by the caller */
  long fail_map_in;     /* calls of mem_map that still succeed before all fail; < 0: none fails */
  void *map_failure;    /* the result of a failing mem_map */
  long fail_protect_in; /* calls of mem_protect that still succeed before one fails; < 0: none */
  int fail_protect_forever; /* that one and all after it fail */
  int fail_protect_half;    /* a failing mem_protect changes all pages but the last */
  /* A script: bit N set lets the N-th mem_protect from now fail.  */
  unsigned long long fail_protects;
  int refuse_unmap;     /* mem_unmap fails */
  char *arena, *lowest; /* reserved addresses for adjoining ranges, and the last range; or NULL */
  struct probe_range ranges[PROBE_MAX_RANGES];
  pthread_mutex_t lock;
};

/* Initialise PROBE, which must not move.  Skips the test where no private page can be executable.  */
void probe_code_alloc_init (struct probe_code_alloc *probe);
/* Place each range directly below the one before it.  */
void probe_code_alloc_adjoin (struct probe_code_alloc *probe);
/* The access to the page of ADDR.  */
enum probe_access probe_code_access (struct probe_code_alloc *probe, const void *addr);
/* Whether no page has PROT_WRITE_EXEC.  */
int probe_code_all_closed (struct probe_code_alloc *probe);
/* Unmap all remaining ranges, and return their number plus `broken`.  */
size_t probe_code_alloc_finish (struct probe_code_alloc *probe);

#ifdef __cplusplus
}
#endif

#endif /* MIR_TESTS_SUPPORT_PROBE_CODE_ALLOC_H */
