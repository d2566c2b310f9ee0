/* A MIR_code_alloc for tests: real pages, real protections, failures on demand.

   Pages are without access until mem_protect, so reading, writing or executing too early ends the
   test at once.  It checks what a caller promises: page-aligned ranges, mem_unmap of exactly what
   was mapped, mem_protect inside one range.  Every broken promise is counted in `broken` and
   printed as a note.  Any thread; takes a lock.  */
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
  size_t broken;                               /* promises the caller broke */
  long fail_map_in;         /* so many more mem_map succeed, then all fail; < 0: none fails */
  void *map_failure;        /* what a failing mem_map returns */
  long fail_protect_in;     /* so many more mem_protect succeed, then one fails; < 0: none fails */
  int fail_protect_forever; /* that one and all after it */
  int fail_protect_half;    /* a failing mem_protect has changed all pages but the last */
  /* A script: bit N set lets the N-th mem_protect from now fail.  */
  unsigned long long fail_protects;
  int refuse_unmap;     /* mem_unmap fails */
  char *arena, *lowest; /* where ranges adjoin, and the range mapped last in it; or NULL */
  struct probe_range ranges[PROBE_MAX_RANGES];
  pthread_mutex_t lock;
};

/* Nothing fails until told to.  */
void probe_code_alloc_init (struct probe_code_alloc *probe);
/* Place each range directly below the one before it.  */
void probe_code_alloc_adjoin (struct probe_code_alloc *probe);
/* The access to the page of ADDR.  */
enum probe_access probe_code_access (struct probe_code_alloc *probe, const void *addr);
/* Whether no page is open.  */
int probe_code_all_closed (struct probe_code_alloc *probe);
/* Unmap what is left, and return the number of ranges left plus `broken`.  */
size_t probe_code_alloc_finish (struct probe_code_alloc *probe);

#ifdef __cplusplus
}
#endif

#endif /* MIR_TESTS_SUPPORT_PROBE_CODE_ALLOC_H */
