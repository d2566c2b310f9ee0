/* An adapter in both directions between MIR_alloc and three functions malloc, realloc and free with
   user data and without old sizes, as many libraries take them.  */
#ifndef MIR_LEGACY_H
#define MIR_LEGACY_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <string.h> /* memcpy, memset */

#include "mir-heap.h"
#include "mir-size-header.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The three functions.  Their user data is a MIR_sized_t, which knows the sizes of its blocks and
   must outlive every use of the functions.  Size 0 gives a block; realloc of NULL is malloc; free
   of NULL does nothing.  Any thread may call them if the allocator below allows it.  */
static inline void *MIR_legacy_malloc (size_t size, void *sized) {
  return MIR_malloc (&((MIR_sized_t) sized)->alloc, size);
}

static inline void *MIR_legacy_realloc (void *ptr, size_t size, void *sized) {
  return MIR_realloc (&((MIR_sized_t) sized)->alloc, ptr, MIR_sized_size (ptr), size);
}

static inline void MIR_legacy_free (void *ptr, void *sized) {
  MIR_free (&((MIR_sized_t) sized)->alloc, ptr);
}

/* A MIR_alloc over three such functions: pass &from.alloc.  The functions and their user data must
   outlive it.  It allows the threads and gives the alignment that they do.  They are never called
   with 0 bytes, for which such functions differ.  */
typedef struct MIR_from_legacy {
  struct MIR_alloc alloc;
  void *(*malloc) (size_t size, void *user_data);
  void *(*realloc) (void *ptr, size_t size, void *user_data); /* NULL: there is none */
  void (*free) (void *ptr, void *user_data);
  void *user_data;
} MIR_from_legacy_t;

static inline void *mir_from_legacy_malloc (size_t size, void *user_data) {
  MIR_from_legacy_t *from = (MIR_from_legacy_t *) user_data;
  return from->malloc (size == 0 ? 1 : size, from->user_data);
}

static inline void *mir_from_legacy_calloc (size_t num, size_t size, void *user_data) {
  size_t len;
  if (mir_product_overflows (num, size, &len)) return NULL;
  void *res = mir_from_legacy_malloc (len, user_data);
  if (res != NULL) memset (res, 0, len);
  return res;
}

static inline void mir_from_legacy_free (void *ptr, void *user_data) {
  MIR_from_legacy_t *from = (MIR_from_legacy_t *) user_data;
  if (ptr != NULL) from->free (ptr, from->user_data);
}

static inline void *mir_from_legacy_realloc (void *ptr, size_t old_size, size_t new_size,
                                             void *user_data) {
  MIR_from_legacy_t *from = (MIR_from_legacy_t *) user_data;
  if (ptr == NULL) return mir_from_legacy_malloc (new_size, user_data);
  if (from->realloc != NULL)
    return from->realloc (ptr, new_size == 0 ? 1 : new_size, from->user_data);
  void *res = mir_from_legacy_malloc (new_size, user_data);
  if (res == NULL) return new_size <= old_size ? ptr : NULL; /* a shrink never fails */
  memcpy (res, ptr, old_size < new_size ? old_size : new_size);
  mir_from_legacy_free (ptr, user_data);
  return res;
}

static inline void MIR_from_legacy_init (
    MIR_from_legacy_t *from, void *(*malloc_func) (size_t size, void *user_data),
    void *(*realloc_func) (void *ptr, size_t size, void *user_data),
    void (*free_func) (void *ptr, void *user_data), void *user_data) {
  from->alloc.malloc = mir_from_legacy_malloc;
  from->alloc.calloc = mir_from_legacy_calloc;
  from->alloc.realloc = mir_from_legacy_realloc;
  from->alloc.free = mir_from_legacy_free;
  from->alloc.user_data = from;
  from->malloc = malloc_func;
  from->realloc = realloc_func;
  from->free = free_func;
  from->user_data = user_data;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_LEGACY_H */
