/* An adapter that gives FreeType the memory of a MIR_alloc: FT_Memory.

   FreeType 2.13.3 passes old sizes, all of them right, and nearly nine of ten times resizes a block
   to the size that it has.  It frees no NULL.  It does not survive every refused allocation.  Nothing
   goes around.  FT_Init_FreeType takes no allocator: it uses malloc.  (2026-11)  */
#ifndef MIR_FREETYPE_H
#define MIR_FREETYPE_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <ft2build.h>
#include FT_MODULE_H
#include FT_SYSTEM_H

#include "mir-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline void *mir_freetype_alloc (FT_Memory memory, long size) {
  return size < 0 ? NULL : MIR_malloc ((MIR_alloc_t) memory->user, (size_t) size);
}

static inline void mir_freetype_free (FT_Memory memory, void *block) {
  MIR_free ((MIR_alloc_t) memory->user, block);
}

static inline void *mir_freetype_realloc (FT_Memory memory, long old_size, long size, void *block) {
  if (old_size < 0 || size < 0) return NULL;
  return MIR_realloc ((MIR_alloc_t) memory->user, block, (size_t) old_size, (size_t) size);
}

/* For FT_New_Library, which keeps the structure by pointer: it must outlive FT_Done_Library, as ALLOC
   must.  One thread at a time in a library.  FT_Add_Default_Modules adds the usual modules.  */
static inline struct FT_MemoryRec_ MIR_freetype_memory (MIR_alloc_t alloc) {
  struct FT_MemoryRec_ res;
  res.user = alloc;
  res.alloc = mir_freetype_alloc;
  res.free = mir_freetype_free;
  res.realloc = mir_freetype_realloc;
  return res;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_FREETYPE_H */
