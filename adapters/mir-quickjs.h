/* An adapter that gives a QuickJS runtime the memory of a MIR_alloc: JSMallocFunctions, with the
   books.

   QuickJS 2025-04-26 leaves it to these functions to count its blocks and bytes in a JSMallocState.
   Where they do not, cycles are never collected and JS_SetMemoryLimit limits nothing.  It frees NULL,
   reallocates from NULL and to 0, and makes blocks smaller; it does not survive a refused shrink, and
   the functions here refuse none.  A refused allocation is an error of the script, but it does not
   survive every one, those of JS_SetMemoryLimit included.  Nothing goes around.  (2026-12)

   This is for Bellard's QuickJS: the functions of quickjs-ng are others.  */
#ifndef MIR_QUICKJS_H
#define MIR_QUICKJS_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <quickjs/quickjs.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A block counts with its header.  1 if SIZE more bytes would be too many.  */
static inline int mir_quickjs_is_too_much (const JSMallocState *state, size_t size) {
  return state->malloc_size > state->malloc_limit
         || size > state->malloc_limit - state->malloc_size;
}

static inline void *MIR_quickjs_malloc (JSMallocState *state, size_t size) {
  const size_t len = mir_with_header (size);
  if (len == 0 || mir_quickjs_is_too_much (state, len)) return NULL;
  void *res = mir_headed_malloc ((MIR_alloc_t) state->opaque, size);
  if (res == NULL) return NULL;
  state->malloc_count++;
  state->malloc_size += len;
  return res;
}

static inline void MIR_quickjs_free (JSMallocState *state, void *ptr) {
  if (ptr == NULL) return;
  state->malloc_count--;
  state->malloc_size -= mir_size_in_header (ptr) + MIR_SIZE_HEADER;
  mir_headed_free ((MIR_alloc_t) state->opaque, ptr);
}

static inline void *MIR_quickjs_realloc (JSMallocState *state, void *ptr, size_t size) {
  if (ptr == NULL) return size == 0 ? NULL : MIR_quickjs_malloc (state, size);
  if (size == 0) {
    MIR_quickjs_free (state, ptr);
    return NULL;
  }
  const size_t old_size = mir_size_in_header (ptr);
  if (size > old_size && mir_quickjs_is_too_much (state, size - old_size)) return NULL;
  void *res = mir_headed_realloc ((MIR_alloc_t) state->opaque, ptr, size);
  if (res == NULL) return NULL;
  state->malloc_size += mir_size_in_header (res) - old_size; /* the old size: a refused shrink */
  return res;
}

/* What was requested: there is nothing to use behind it.  */
static inline size_t MIR_quickjs_size (const void *ptr) {
  return ptr == NULL ? 0 : *(const size_t *) ((const char *) ptr - MIR_SIZE_HEADER);
}

/* Make a runtime over ALLOC, which must outlive it.  NULL on failure.  One thread at a time in a
   runtime.  */
static inline JSRuntime *MIR_quickjs_runtime (MIR_alloc_t alloc) {
  const JSMallocFunctions functions = {MIR_quickjs_malloc, MIR_quickjs_free, MIR_quickjs_realloc,
                                       MIR_quickjs_size};
  return JS_NewRuntime2 (&functions, alloc);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_QUICKJS_H */
