/* An adapter that gives PhysFS the memory of a MIR_alloc: PHYSFS_setAllocator.

   PhysFS 3.0.2 reallocates from NULL and makes blocks smaller.  It does not survive every refused
   allocation.  What the C library reads folders with goes around, a few blocks.  (2026-11)

   The library passes no user data, so the allocator is a static variable: include this in one
   unit.  */
#ifndef MIR_PHYSFS_H
#define MIR_PHYSFS_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <physfs.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

MIR_HEADED_GLOBALS (mir_physfs)

static inline void *mir_physfs_malloc_64 (PHYSFS_uint64 size) {
  return size > SIZE_MAX ? NULL : mir_physfs_malloc ((size_t) size);
}

static inline void *mir_physfs_realloc_64 (void *ptr, PHYSFS_uint64 size) {
  return size > SIZE_MAX ? NULL : mir_physfs_realloc (ptr, (size_t) size);
}

/* Make PhysFS take all of its memory from ALLOC, which must outlive PHYSFS_deinit.  Call this before
   PHYSFS_init.  As PHYSFS_setAllocator returns: not 0 if it was set.  Every thread that uses PhysFS
   allocates.  */
static inline int MIR_physfs_use (MIR_alloc_t alloc) {
  const PHYSFS_Allocator functions = {NULL, NULL, mir_physfs_malloc_64, mir_physfs_realloc_64,
                                      mir_physfs_free};
  mir_physfs_alloc = alloc;
  return PHYSFS_setAllocator (&functions);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_PHYSFS_H */
