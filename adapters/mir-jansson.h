/* An adapter that gives jansson the memory of a MIR_alloc: json_set_alloc_funcs.

   jansson 2.14 resizes nothing through the functions (it allocates, copies and frees) and frees no
   NULL.  After a refused allocation a call reports an error and loses nothing; but where the text of a
   string cannot grow, json_loads and json_dumps may succeed with a character left out.  What stays
   refused, as by a limit, is an error.  Nothing goes around.  (2026-12)

   The library passes no user data, so the allocator is a static variable: include this in one
   unit.  */
#ifndef MIR_JANSSON_H
#define MIR_JANSSON_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <jansson.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

MIR_HEADED_GLOBALS (mir_jansson)

/* Make jansson take all of its memory from ALLOC, which must outlive every value.  Call this before
   the first value is made.  Texts that jansson returns, as json_dumps does, are freed with
   mir_jansson_free.  Every thread that uses jansson allocates.  */
static inline void MIR_jansson_use (MIR_alloc_t alloc) {
  mir_jansson_alloc = alloc;
  json_set_alloc_funcs (mir_jansson_malloc, mir_jansson_free);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_JANSSON_H */
