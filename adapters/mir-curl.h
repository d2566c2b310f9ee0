/* An adapter that gives libcurl the memory of a MIR_alloc: curl_global_init_mem.

   libcurl 8.14.1 makes no call during curl_global_init_mem, frees NULL nine times of ten, and
   survives each refused allocation with an error (7.88.1 goes on without one at some points).  Its libraries go around: 98.7 % of the blocks with
   OpenSSL, for which mir-openssl.h serves, and the C library's.  (2026-11)

   The library passes no user data, so the allocator is a static variable: include this in one
   unit.  */
#ifndef MIR_CURL_H
#define MIR_CURL_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <curl/curl.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

MIR_HEADED_GLOBALS (mir_curl)

/* curl_global_init over ALLOC, which must outlive curl_global_cleanup.  If libcurl is initialised
   already this only counts, and the functions stay what they are.  Every thread that uses libcurl
   allocates.  */
static inline CURLcode MIR_curl_global_init (long flags, MIR_alloc_t alloc) {
  if (mir_curl_alloc == NULL) mir_curl_alloc = alloc;
  return curl_global_init_mem (flags, mir_curl_malloc, mir_curl_free, mir_curl_realloc,
                               mir_curl_strdup, mir_curl_calloc);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_CURL_H */
