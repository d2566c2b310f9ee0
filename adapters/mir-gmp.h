/* An adapter that gives GMP the memory of a MIR_alloc: mp_set_memory_functions.

   GMP 6.3.0 passes old sizes, all of them right, frees no NULL and makes blocks smaller.  Its manual
   says that the functions may not return NULL: GMP does not look.  When memory or a shrink is
   refused, the process ends with a line, as it does with GMP's own functions; an error function that
   leaves by longjmp loses blocks of GMP's.  So a limit must be one that is never met.  Nothing goes
   around.  (2026-11)

   GMP passes no user data, so the allocator is a static variable: include this in one unit.  */
#ifndef MIR_GMP_H
#define MIR_GMP_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <gmp.h>
#include <stdio.h>  /* fprintf */
#include <stdlib.h> /* abort */

#include "mir-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

static MIR_alloc_t mir_gmp_alloc;

static inline void *mir_gmp_or_end (void *block, size_t size) {
  if (block != NULL) return block;
  fprintf (stderr, "mir-gmp: no memory for %lu bytes, and GMP cannot go on without\n",
           (unsigned long) size);
  abort ();
}

static inline void *mir_gmp_malloc (size_t size) {
  return mir_gmp_or_end (MIR_malloc (mir_gmp_alloc, size), size);
}

static inline void *mir_gmp_realloc (void *ptr, size_t old_size, size_t size) {
  return mir_gmp_or_end (MIR_realloc (mir_gmp_alloc, ptr, old_size, size), size);
}

static inline void mir_gmp_free (void *ptr, size_t size) {
  (void) size;
  MIR_free (mir_gmp_alloc, ptr);
}

/* Make GMP take all of its memory from ALLOC, which must outlive every number.  Call this before the
   first number is made.  Every thread that uses GMP allocates.  */
static inline void MIR_gmp_use (MIR_alloc_t alloc) {
  mir_gmp_alloc = alloc;
  mp_set_memory_functions (mir_gmp_malloc, mir_gmp_realloc, mir_gmp_free);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_GMP_H */
