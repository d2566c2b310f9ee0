/* An adapter that gives tree-sitter the memory of a MIR_alloc: ts_set_allocator.

   tree-sitter 0.22.6 reallocates from NULL, and 0.20.7 frees NULL.  It does not survive a refused allocation:
   its own functions end the process, and those that are set here are not asked twice, so a limit must
   be one that is never met.  Nothing goes around but what a grammar's scanner allocates.  (2026-12)

   The library passes no user data, so the allocator is a static variable: include this in one
   unit.  */
#ifndef MIR_TREE_SITTER_H
#define MIR_TREE_SITTER_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <tree_sitter/api.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

MIR_HEADED_GLOBALS (mir_tree_sitter)

/* Make tree-sitter take all of its memory from ALLOC, which must outlive all parsers and trees.  Call
   this before any other function of tree-sitter.  Every thread that uses tree-sitter allocates.  */
static inline void MIR_tree_sitter_use (MIR_alloc_t alloc) {
  mir_tree_sitter_alloc = alloc;
  ts_set_allocator (mir_tree_sitter_malloc, mir_tree_sitter_calloc, mir_tree_sitter_realloc,
                    mir_tree_sitter_free);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_TREE_SITTER_H */
