/* An adapter that gives libxml2 the memory of a MIR_alloc: xmlMemSetup.

   libxml2 2.9.14 may make blocks smaller, which the functions here never refuse.  After a refused
   allocation it goes on, but may lose a block, or leave something out of a document and report it
   in xmlGetLastError only.  A few mutexes go around.  After xmlCleanupParser nothing is live.
   (2026-11)

   The library passes no user data, so the allocator is a static variable: include this in one
   unit.  */
#ifndef MIR_LIBXML2_H
#define MIR_LIBXML2_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <libxml/xmlmemory.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

MIR_HEADED_GLOBALS (mir_libxml2)

/* Make libxml2 take all of its memory from ALLOC, which must outlive xmlCleanupParser.  Call this
   before any other function of libxml2.  0, or -1 as xmlMemSetup.  Every thread that uses libxml2
   allocates.  */
static inline int MIR_libxml2_use (MIR_alloc_t alloc) {
  mir_libxml2_alloc = alloc;
  return xmlMemSetup (mir_libxml2_free, mir_libxml2_malloc, mir_libxml2_realloc,
                      mir_libxml2_strdup);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_LIBXML2_H */
