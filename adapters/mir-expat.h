/* An adapter that gives expat's parsers the memory of a MIR_alloc: XML_Memory_Handling_Suite.

   expat 2.9.0 frees no NULL and resizes through an accounting header of its own (since 2.7.2).  After
   a refused allocation each call returns XML_ERROR_NO_MEMORY and loses nothing.  Nothing goes around.
   (2026-11)

   The library passes no user data, so the allocator is a static variable: include this in one
   unit.  */
#ifndef MIR_EXPAT_H
#define MIR_EXPAT_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <expat.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

MIR_HEADED_GLOBALS (mir_expat)

/* Make a parser that takes its memory from ALLOC, which must outlive all parsers made so; those of
   one program share it.  ENCODING and SEPARATOR as in XML_ParserCreate_MM.  NULL on failure.  */
static inline XML_Parser MIR_expat_parser (MIR_alloc_t alloc, const XML_Char *encoding,
                                           const XML_Char *separator) {
  static const XML_Memory_Handling_Suite suite = {mir_expat_malloc, mir_expat_realloc,
                                                  mir_expat_free};
  mir_expat_alloc = alloc;
  return XML_ParserCreate_MM (encoding, &suite, separator);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_EXPAT_H */
