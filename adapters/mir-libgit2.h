/* An adapter that gives libgit2 the memory of a MIR_alloc: GIT_OPT_SET_ALLOCATOR.

   libgit2 1.9.0 frees NULL and reallocates from NULL.  It does not survive every refused allocation.
   Its libraries go around: 2 of 2.1 MB, zlib's blocks, and 148 certificates of authorities that the
   TLS library reads when libgit2 is initialised.  (2026-11)

   libgit2 passes no user data, so the allocator is a static variable: include this in one unit.
   Older versions have more functions in their git_allocator: this fills them all.  */
#ifndef MIR_LIBGIT2_H
#define MIR_LIBGIT2_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <git2.h>
#include <git2/sys/alloc.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

MIR_HEADED_GLOBALS (mir_libgit2)

static inline void *mir_libgit2_malloc_at (size_t size, const char *file, int line) {
  (void) file, (void) line;
  return mir_libgit2_malloc (size);
}

static inline void *mir_libgit2_realloc_at (void *ptr, size_t size, const char *file, int line) {
  (void) file, (void) line;
  return mir_libgit2_realloc (ptr, size);
}

#if LIBGIT2_VER_MAJOR == 1 && LIBGIT2_VER_MINOR < 6
static inline void *mir_libgit2_calloc_at (size_t num, size_t size, const char *file, int line) {
  (void) file, (void) line;
  return mir_libgit2_calloc (num, size);
}

static inline char *mir_libgit2_strdup_at (const char *text, const char *file, int line) {
  (void) file, (void) line;
  return mir_libgit2_strdup (text);
}

static inline char *mir_libgit2_substrdup_at (const char *text, size_t len, const char *file,
                                              int line) {
  (void) file, (void) line;
  char *res = len == SIZE_MAX ? NULL : (char *) mir_libgit2_malloc (len + 1);
  if (res == NULL) return NULL;
  memcpy (res, text, len);
  res[len] = 0;
  return res;
}

static inline char *mir_libgit2_strndup_at (const char *text, size_t max, const char *file,
                                            int line) {
  const char *end = (const char *) memchr (text, 0, max);
  return mir_libgit2_substrdup_at (text, end == NULL ? max : (size_t) (end - text), file, line);
}

static inline void *mir_libgit2_reallocarray_at (void *ptr, size_t num, size_t size,
                                                 const char *file, int line) {
  size_t len;
  (void) file, (void) line;
  return mir_product_overflows (num, size, &len) ? NULL : mir_libgit2_realloc (ptr, len);
}

static inline void *mir_libgit2_mallocarray_at (size_t num, size_t size, const char *file,
                                                int line) {
  return mir_libgit2_reallocarray_at (NULL, num, size, file, line);
}

static inline void mir_libgit2_fill (git_allocator *functions) {
  functions->gmalloc = mir_libgit2_malloc_at;
  functions->gcalloc = mir_libgit2_calloc_at;
  functions->gstrdup = mir_libgit2_strdup_at;
  functions->gstrndup = mir_libgit2_strndup_at;
  functions->gsubstrdup = mir_libgit2_substrdup_at;
  functions->grealloc = mir_libgit2_realloc_at;
  functions->greallocarray = mir_libgit2_reallocarray_at;
  functions->gmallocarray = mir_libgit2_mallocarray_at;
  functions->gfree = mir_libgit2_free;
}
#else
static inline void mir_libgit2_fill (git_allocator *functions) {
  functions->gmalloc = mir_libgit2_malloc_at;
  functions->grealloc = mir_libgit2_realloc_at;
  functions->gfree = mir_libgit2_free;
}
#endif

/* Make libgit2 take all of its memory from ALLOC, which must outlive the last git_libgit2_shutdown.
   Call this before git_libgit2_init.  Not negative: it was set.  Every thread that uses libgit2
   allocates.  */
static inline int MIR_libgit2_use (MIR_alloc_t alloc) {
  static git_allocator functions;
  mir_libgit2_alloc = alloc;
  mir_libgit2_fill (&functions);
  return git_libgit2_opts (GIT_OPT_SET_ALLOCATOR, &functions);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_LIBGIT2_H */
