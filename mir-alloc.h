/* The general-purpose allocator of a context: four callbacks and their user_data.

   A block is what malloc, calloc or realloc returned, until it is passed to free.  Every block is
   aligned for any object type, as malloc's are (_Alignof (max_align_t)), is owned by the caller,
   and goes back through the vtable it came from.  NULL is the only failure indication, and nothing
   has changed then.  When out of memory, a callback may instead leave by longjmp: callers in this
   library hold no lock at that moment and leak nothing, except MIR_init2, where the first blocks of
   the unfinished context stay allocated.

   Threads: callbacks are called from every thread that uses a context made with them; if several
   threads do, the callbacks must be thread safe.  Lifetime: a context keeps the structure by
   pointer, so it must outlive the context.

   Forks: a callback may fork.  No handlers of this library take locks of the user's callbacks: a
   child that uses them needs the user's own (pthread_atfork), or a locked allocator over them
   (mir-heap.h).

   Source-compatible with the MIR JIT (vnmakarov/mir): names, order and types are a contract.  */
#ifndef MIR_ALLOC_H
#define MIR_ALLOC_H

#include <assert.h>
#include <stddef.h> /* size_t */

#ifdef __cplusplus
extern "C" {
#endif

/* The four callbacks.  The user fills the structure in and owns it.  */
typedef struct MIR_alloc {
  /* Allocate SIZE bytes, contents undefined.  For SIZE 0 the result is NULL or an empty block, and
     realloc and free accept either.  NULL on failure.  */
  void *(*malloc) (size_t size, void *user_data);
  /* Allocate NUM * SIZE bytes, all zero.  NULL on failure and if the product overflows.  */
  void *(*calloc) (size_t num, size_t size, void *user_data);
  /* Resize the block PTR from exactly OLD_SIZE to NEW_SIZE bytes, possibly moving it; the first min
     (OLD_SIZE, NEW_SIZE) bytes are kept.  PTR NULL (OLD_SIZE 0) is malloc.  NULL on failure; the
     old block is then unchanged and still owned by the caller.

     A shrink, with PTR and NEW_SIZE <= OLD_SIZE, should never fail: where it is refused, return PTR
     itself, and accept NEW_SIZE as its size from then on.  The default does so.  Callers in this
     library can bear a refusal; other libraries cannot (docs/allocators.md).  */
  void *(*realloc) (void *ptr, size_t old_size, size_t new_size, void *user_data);
  /* Free the block PTR; NULL is allowed and does nothing.  Cannot fail.  */
  void (*free) (void *ptr, void *user_data);
  void *user_data; /* passed to every callback, otherwise not used */
} *MIR_alloc_t;

/* Call `malloc` of ALLOC, which is not NULL, with its user_data.  */
static inline void *MIR_malloc (MIR_alloc_t alloc, size_t size) {
  assert (alloc != NULL);
  return alloc->malloc (size, alloc->user_data);
}

/* As MIR_malloc, for `calloc`.  */
static inline void *MIR_calloc (MIR_alloc_t alloc, size_t num, size_t size) {
  assert (alloc != NULL);
  return alloc->calloc (num, size, alloc->user_data);
}

/* As MIR_malloc, for `realloc`.  */
static inline void *MIR_realloc (MIR_alloc_t alloc, void *ptr, size_t old_size, size_t new_size) {
  assert (alloc != NULL);
  return alloc->realloc (ptr, old_size, new_size, alloc->user_data);
}

/* As MIR_malloc, for `free`.  */
static inline void MIR_free (MIR_alloc_t alloc, void *ptr) {
  assert (alloc != NULL);
  alloc->free (ptr, alloc->user_data);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_ALLOC_H */
