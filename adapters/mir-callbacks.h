/* The callbacks that C libraries take for their memory, each over a MIR_alloc: what the adapters to
   one library have in common.

   opaque    the user data comes first: zstd, brotli, liblzma
   last      the user data comes last: nghttp2, PCRE2
   headed    the library frees or resizes blocks without telling their size, so the size stands in
             front of each block (mir-size-header.h); a header costs 16 bytes

   The user data is the MIR_alloc_t, which must outlive all blocks.  Any thread, if that allocator
   allows it.  Headed functions allow NULL where free and realloc do, give a block for size 0, and
   never refuse to make a block smaller: if the allocator does, the block stays as it is.  */
#ifndef MIR_CALLBACKS_H
#define MIR_CALLBACKS_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <string.h> /* memcpy, strlen */

#include "mir-alloc.h"
#include "mir-size-header.h"

#ifdef __cplusplus
extern "C" {
#endif

/*---------------- No realloc: the allocator's own blocks -----------------------------*/

static inline void *MIR_opaque_malloc (void *alloc, size_t size) {
  return MIR_malloc ((MIR_alloc_t) alloc, size);
}

static inline void MIR_opaque_free (void *alloc, void *ptr) {
  MIR_free ((MIR_alloc_t) alloc, ptr);
}

/* NUM * SIZE bytes, contents undefined.  NULL also if the product overflows.  */
static inline void *MIR_opaque_array (void *alloc, size_t num, size_t size) {
  size_t len;
  if (mir_product_overflows (num, size, &len)) return NULL;
  return MIR_malloc ((MIR_alloc_t) alloc, len);
}

/*---------------- With a size header -----------------------------*/

static inline void *mir_headed_malloc (MIR_alloc_t alloc, size_t size) {
  size_t len = mir_with_header (size);
  return len == 0 ? NULL : mir_set_size_header (MIR_malloc (alloc, len), size);
}

static inline void *mir_headed_calloc (MIR_alloc_t alloc, size_t num, size_t size) {
  size_t len;
  if (mir_product_overflows (num, size, &size)) return NULL;
  len = mir_with_header (size);
  return len == 0 ? NULL : mir_set_size_header (MIR_calloc (alloc, 1, len), size);
}

static inline void mir_headed_free (MIR_alloc_t alloc, void *ptr) {
  if (ptr != NULL) MIR_free (alloc, mir_size_header_of (ptr));
}

/* The old size stays in its header while the allocator runs, and in no register that would have to be saved.  */
static inline void *mir_headed_realloc (MIR_alloc_t alloc, void *ptr, size_t size) {
  if (ptr == NULL) return mir_headed_malloc (alloc, size);
  size_t len = mir_with_header (size);
  if (len == 0) return NULL;
  void *memory = MIR_realloc (alloc, mir_size_header_of (ptr),
                              mir_size_in_header (ptr) + MIR_SIZE_HEADER, len);
  if (memory == NULL) return size <= mir_size_in_header (ptr) ? ptr : NULL;
  return mir_set_size_header (memory, size);
}

static inline char *mir_headed_strdup (MIR_alloc_t alloc, const char *text) {
  size_t size = strlen (text) + 1;
  void *res = mir_headed_malloc (alloc, size);
  return res == NULL ? NULL : (char *) memcpy (res, text, size);
}

/* The size of a block of the functions above as it was requested; 0 for NULL.  */
static inline size_t mir_headed_size (void *ptr) {
  return ptr == NULL ? 0 : mir_size_in_header (ptr);
}

static inline void *MIR_opaque_headed_malloc (void *alloc, size_t size) {
  return mir_headed_malloc ((MIR_alloc_t) alloc, size);
}

static inline void *MIR_opaque_headed_calloc (void *alloc, size_t num, size_t size) {
  return mir_headed_calloc ((MIR_alloc_t) alloc, num, size);
}

static inline void *MIR_opaque_headed_realloc (void *alloc, void *ptr, size_t size) {
  return mir_headed_realloc ((MIR_alloc_t) alloc, ptr, size);
}

static inline void MIR_opaque_headed_free (void *alloc, void *ptr) {
  mir_headed_free ((MIR_alloc_t) alloc, ptr);
}

static inline void *MIR_last_headed_malloc (size_t size, void *alloc) {
  return mir_headed_malloc ((MIR_alloc_t) alloc, size);
}

static inline void *MIR_last_headed_calloc (size_t num, size_t size, void *alloc) {
  return mir_headed_calloc ((MIR_alloc_t) alloc, num, size);
}

static inline void *MIR_last_headed_realloc (void *ptr, size_t size, void *alloc) {
  return mir_headed_realloc ((MIR_alloc_t) alloc, ptr, size);
}

static inline void MIR_last_headed_free (void *ptr, void *alloc) {
  mir_headed_free ((MIR_alloc_t) alloc, ptr);
}

#ifdef __cplusplus
}
#endif

/* For libraries that pass no user data: define static functions NAME_malloc, NAME_calloc,
   NAME_realloc, NAME_free and NAME_strdup that allocate from the static MIR_alloc_t NAME_alloc, with a
   size header.  Each unit that uses the macro has a set of its own.  */
#define MIR_HEADED_GLOBALS(NAME)                                \
  static MIR_alloc_t NAME##_alloc;                              \
  static inline void *NAME##_malloc (size_t size) {             \
    return mir_headed_malloc (NAME##_alloc, size);              \
  }                                                             \
  static inline void *NAME##_calloc (size_t num, size_t size) { \
    return mir_headed_calloc (NAME##_alloc, num, size);         \
  }                                                             \
  static inline void *NAME##_realloc (void *ptr, size_t size) { \
    return mir_headed_realloc (NAME##_alloc, ptr, size);        \
  }                                                             \
  static inline void NAME##_free (void *ptr) {                  \
    mir_headed_free (NAME##_alloc, ptr);                        \
  }                                                             \
  static inline char *NAME##_strdup (const char *text) {        \
    return mir_headed_strdup (NAME##_alloc, text);              \
  }

#endif /* MIR_CALLBACKS_H */
