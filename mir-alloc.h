/* The general-purpose allocator of a context: four callbacks and a pointer for them.

   A block is what malloc, calloc or realloc returned and free has not yet been given.  Every block
   is aligned for any object type, as malloc's are (_Alignof (max_align_t)), belongs to the caller,
   and goes back through the vtable it came from.  NULL is the only sign of failure: nothing has
   happened then.  A callback may instead leave by longjmp when it is out of memory; the callers in
   this library hold no lock and lose nothing at that moment, but for MIR_init2: the first blocks of
   a context which nobody has yet stay allocated.

   Threads: callbacks are called from every thread that uses a context made with them; where those
   are several, the callbacks must allow it.  Lifetime: a context keeps the structure by pointer, so
   it must outlive the context.

   Source-compatible with the MIR JIT (vnmakarov/mir): names, order and types are a contract.  */
#ifndef MIR_ALLOC_H
#define MIR_ALLOC_H

#include <assert.h>
#include <stddef.h> /* size_t */

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MIR_alloc {
  /* A block of SIZE bytes, contents undefined.  SIZE 0: NULL or a block without bytes, either way
     valid for realloc and free.  NULL on failure.  */
  void *(*malloc) (size_t size, void *user_data);
  /* A block of NUM * SIZE bytes, all zero.  NULL on failure and when the product overflows.  */
  void *(*calloc) (size_t num, size_t size, void *user_data);
  /* Make the block PTR of exactly OLD_SIZE bytes one of NEW_SIZE bytes, possibly elsewhere, with
     the first min (OLD_SIZE, NEW_SIZE) bytes kept.  PTR NULL (OLD_SIZE 0) is malloc.  On failure
     NULL, and the old block is as it was.  */
  void *(*realloc) (void *ptr, size_t old_size, size_t new_size, void *user_data);
  /* Give the block PTR back; NULL is allowed and does nothing.  Cannot fail.  */
  void (*free) (void *ptr, void *user_data);
  void *user_data; /* handed to every callback, otherwise untouched */
} * MIR_alloc_t;

static inline void *MIR_malloc (MIR_alloc_t alloc, size_t size) {
  assert (alloc != NULL);
  return alloc->malloc (size, alloc->user_data);
}

static inline void *MIR_calloc (MIR_alloc_t alloc, size_t num, size_t size) {
  assert (alloc != NULL);
  return alloc->calloc (num, size, alloc->user_data);
}

static inline void *MIR_realloc (MIR_alloc_t alloc, void *ptr, size_t old_size, size_t new_size) {
  assert (alloc != NULL);
  return alloc->realloc (ptr, old_size, new_size, alloc->user_data);
}

static inline void MIR_free (MIR_alloc_t alloc, void *ptr) {
  assert (alloc != NULL);
  alloc->free (ptr, alloc->user_data);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_ALLOC_H */
