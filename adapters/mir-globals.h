/* An adapter in both directions between MIR_alloc and four plain functions malloc, calloc, realloc
   and free without user data, as libuv's uv_replace_allocator and many others take them.  */
#ifndef MIR_GLOBALS_H
#define MIR_GLOBALS_H

#include "mir-heap.h"

/* Define four static functions NAME_malloc, NAME_calloc, NAME_realloc and NAME_free that allocate
   from the static MIR_sized_t NAME_sized.  Set NAME_sized before the first call, in the unit that
   uses the macro:

     MIR_GLOBALS (loop)
     ...
     MIR_sized_create (below, &loop_sized);
     uv_replace_allocator (loop_malloc, loop_realloc, loop_calloc, loop_free);

   Each use of the macro defines its own set.  Any thread may call them if the allocator below
   allows it.  */
#define MIR_GLOBALS(NAME)                                                       \
  static MIR_sized_t NAME##_sized;                                              \
  static inline void *NAME##_malloc (size_t size) {                             \
    return MIR_malloc (&NAME##_sized->alloc, size);                             \
  }                                                                             \
  static inline void *NAME##_calloc (size_t num, size_t size) {                 \
    return MIR_calloc (&NAME##_sized->alloc, num, size);                        \
  }                                                                             \
  static inline void *NAME##_realloc (void *ptr, size_t size) {                 \
    return MIR_realloc (&NAME##_sized->alloc, ptr, MIR_sized_size (ptr), size); \
  }                                                                             \
  static inline void NAME##_free (void *ptr) {                                  \
    MIR_free (&NAME##_sized->alloc, ptr);                                       \
  }

/* Define a static `struct MIR_alloc NAME` over four such functions, for example the process's own:

     MIR_FROM_GLOBALS (libc_alloc, malloc, calloc, realloc, free)

   It allows the threads and gives the alignment that they do.  They are never called with 0 bytes,
   for which such functions differ.  */
#define MIR_FROM_GLOBALS(NAME, MALLOC, CALLOC, REALLOC, FREE)                                    \
  static inline void *NAME##_malloc_ (size_t size, void *user_data) {                            \
    (void) user_data;                                                                            \
    return MALLOC (size == 0 ? 1 : size);                                                        \
  }                                                                                              \
  static inline void *NAME##_calloc_ (size_t num, size_t size, void *user_data) {                \
    (void) user_data;                                                                            \
    return num == 0 || size == 0 ? CALLOC (1, 1) : CALLOC (num, size);                           \
  }                                                                                              \
  static inline void *NAME##_realloc_ (void *ptr, size_t old_size, size_t new_size,              \
                                       void *user_data) {                                        \
    (void) old_size, (void) user_data;                                                           \
    return REALLOC (ptr, new_size == 0 ? 1 : new_size);                                          \
  }                                                                                              \
  static inline void NAME##_free_ (void *ptr, void *user_data) {                                 \
    (void) user_data;                                                                            \
    FREE (ptr);                                                                                  \
  }                                                                                              \
  static struct MIR_alloc NAME = {NAME##_malloc_, NAME##_calloc_, NAME##_realloc_, NAME##_free_, \
                                  NULL};

#endif /* MIR_GLOBALS_H */
