/* The executable-memory allocator of a context: map, unmap, protect and their user_data.

   A range is what one mem_map returned.  Addresses and lengths are multiples of the page size,
   except that MIR itself passes any length above 0 to mem_protect: the callback rounds it up.
   Nothing in a page is read, written or executed before the first mem_protect on it has succeeded.

   This contract is not W^X: PROT_WRITE_EXEC makes a page writable and executable at one address.
   Where the user supplies no MIR_code_alloc, the library prefers back ends that are; see
   mir-code.h.

   Threads: callbacks are called from every thread that uses a context made with them; mem_protect
   is never called by two threads at once for one context.  Other threads may be executing code in a
   page whose protection is being changed.  A callback must return: it may not leave by longjmp, and
   thread cancellation waits while it runs.  A callback may not use the context.

   Lifetime: a context keeps the structure by pointer, so it must outlive the context.

   Source-compatible with the MIR JIT (vnmakarov/mir): names, order and types are a contract.  */
#ifndef MIR_CODE_ALLOC_H
#define MIR_CODE_ALLOC_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <assert.h>
#include <stddef.h> /* size_t */
#include <stdint.h> /* intptr_t */

#ifndef _WIN32
#include <sys/mman.h> /* MAP_FAILED, where the system has one */
#endif
#ifndef MAP_FAILED
#define MAP_FAILED NULL
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The access that mem_protect grants.  */
typedef enum MIR_mem_protect {
  /* Writable, and still executable at the same address: other code in these pages may be
     running.  */
  PROT_WRITE_EXEC,
  /* Readable and executable, not writable.  */
  PROT_READ_EXEC
} MIR_mem_protect_t;

/* The three callbacks.  The user fills the structure in and owns it.  */
typedef struct MIR_code_alloc {
  /* Map LEN > 0 bytes, zeroed; mem_protect grants access later.  The caller owns the range until
     mem_unmap.  NULL or (void *) -1 on failure.  A result that cannot be such a range counts as a
     failure: one off a page goes back to mem_unmap, one that overlaps a range of the caller does
     not.  */
  void *(*mem_map) (size_t len, void *user_data);
  /* Unmap exactly one range.  0 on success; on failure anything else, and the range is
     unchanged.  */
  int (*mem_unmap) (void *ptr, size_t len, void *user_data);
  /* Change the access to LEN > 0 bytes at PTR, inside one range.  0 on success; on failure anything
     else, and each page has either its old or its new access.  */
  int (*mem_protect) (void *ptr, size_t len, MIR_mem_protect_t prot, void *user_data);
  void *user_data; /* passed to every callback, otherwise not used */
} *MIR_code_alloc_t;

/* Whether ADDR, the result of a mem_map, means failure: existing vtables return NULL or -1.  */
static inline int MIR_mem_map_failed (const void *addr) {
  return addr == NULL || (intptr_t) addr == -1;
}

/* Call `mem_map` of CODE_ALLOC, which is not NULL.  MAP_FAILED on failure, whatever the callback
   returned; it is NULL where the system has no such macro.  */
static inline void *MIR_mem_map (MIR_code_alloc_t code_alloc, size_t len) {
  assert (code_alloc != NULL);
  void *addr = code_alloc->mem_map (len, code_alloc->user_data);
  return MIR_mem_map_failed (addr) ? (void *) MAP_FAILED : addr;
}

/* Call `mem_unmap` of CODE_ALLOC, which is not NULL.  */
static inline int MIR_mem_unmap (MIR_code_alloc_t code_alloc, void *addr, size_t len) {
  assert (code_alloc != NULL);
  return code_alloc->mem_unmap (addr, len, code_alloc->user_data);
}

/* Call `mem_protect` of CODE_ALLOC, which is not NULL.  */
static inline int MIR_mem_protect (MIR_code_alloc_t code_alloc, void *addr, size_t len,
                                   MIR_mem_protect_t prot) {
  assert (code_alloc != NULL);
  return code_alloc->mem_protect (addr, len, prot, code_alloc->user_data);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_CODE_ALLOC_H */
