/* An adapter that gives capstone the memory of a MIR_alloc: CS_OPT_MEM.

   capstone 5.0.7 makes blocks smaller, and a refused shrink is an error; the functions here refuse
   none.  It does not survive every refused allocation.  It takes much: 39 MB for the instructions in
   64 kB of code, with details.  Nothing goes around.  (2026-11)

   The library passes no user data, so the allocator is a static variable: include this in one
   unit.  */
#ifndef MIR_CAPSTONE_H
#define MIR_CAPSTONE_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <capstone/capstone.h>
#include <stdio.h> /* vsnprintf */

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

MIR_HEADED_GLOBALS (mir_capstone)

/* Make capstone take all of its memory from ALLOC, which must outlive all handles and instructions.
   Call this before the first cs_open.  Every thread that uses capstone allocates.  */
static inline cs_err MIR_capstone_use (MIR_alloc_t alloc) {
  cs_opt_mem mem;
  mir_capstone_alloc = alloc;
  mem.malloc = mir_capstone_malloc;
  mem.calloc = mir_capstone_calloc;
  mem.realloc = mir_capstone_realloc;
  mem.free = mir_capstone_free;
  mem.vsnprintf = vsnprintf;
  return cs_option (0, CS_OPT_MEM, (size_t) (uintptr_t) &mem);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_CAPSTONE_H */
