/* The default general-purpose allocator: mimalloc, or libc's malloc if MIR_ALLOC_LIBC is defined.
   Include this file where `&default_alloc` is needed; with mimalloc the unit needs mimalloc.h and
   must link mimalloc, both of which our meson dependency and our pkg-config file provide.  A tree that
   prefers libc's turns the first #if below into `#ifndef MIR_ALLOC_MIMALLOC`.

   The file keeps no state of its own, so several copies in one program can free each other's blocks
   as long as they use the same heap.  A shared library with a mimalloc inside and the program
   that loads it have two; hence a block goes back through the vtable it came from.

   MIR's bootstrap compiles this file with its own compiler, which resolves external functions in
   libc only; there the heap is libc's.  */

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif
#include "mir-alloc.h"

#if defined(MIR_ALLOC_LIBC) || defined(__MIRC__)
#include <stdlib.h>
#define MIR_DEFAULT_ALLOC_(FUNC) FUNC
#else
#include <mimalloc.h>
#define MIR_DEFAULT_ALLOC_(FUNC) mi_##FUNC
#endif

#ifdef __GNUC__
#define MIR_DEFAULT_ALLOC_UNUSED_ __attribute__ ((unused))
#else
#define MIR_DEFAULT_ALLOC_UNUSED_
#endif

/* mimalloc aligns blocks of up to 8 bytes to 8 only; the contract asks for max_align_t.  libc's heap has
   no smaller blocks anyway.  */
static size_t default_size (size_t size) {
  return size <= 8 ? 16 : size;
}

static void *default_malloc (size_t size, void *user_data) {
  (void) user_data;
  return MIR_DEFAULT_ALLOC_ (malloc) (default_size (size));
}

static void *default_calloc (size_t num, size_t size, void *user_data) {
  (void) user_data;
  if (num <= 8 && size <= 8 && num * size <= 8) return MIR_DEFAULT_ALLOC_ (calloc) (1, 16);
  return MIR_DEFAULT_ALLOC_ (calloc) (num, size);
}

/* A shrink may move too, and so be refused; then the block stays as it is.  */
static void *default_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  void *res = MIR_DEFAULT_ALLOC_ (realloc) (ptr, default_size (new_size));
  (void) user_data;
  return res == NULL && new_size <= old_size ? ptr : res;
}

static void default_free (void *ptr, void *user_data) {
  (void) user_data;
  /* mimalloc's own does not bear NULL in a process that has got no memory at all.  */
  if (ptr != NULL) MIR_DEFAULT_ALLOC_ (free) (ptr);
}

static struct MIR_alloc default_alloc MIR_DEFAULT_ALLOC_UNUSED_ = {
    default_malloc, default_calloc, default_realloc, default_free, NULL};
