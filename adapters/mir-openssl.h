/* An adapter that gives OpenSSL the memory of a MIR_alloc: CRYPTO_set_mem_functions.

   OpenSSL 3.5.9 frees NULL and reallocates from NULL.  It refuses functions after its first
   allocation, but accepts others at any time once own ones were set: blocks of the first set then go
   to the second's free.  It does not survive every refused allocation.  stdio's blocks go around.
   (2026-11)

   The library passes no user data, so the allocator is a static variable: include this in one
   unit.  */
#ifndef MIR_OPENSSL_H
#define MIR_OPENSSL_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <openssl/crypto.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

MIR_HEADED_GLOBALS (mir_openssl)

static inline void *mir_openssl_malloc_at (size_t size, const char *file, int line) {
  (void) file, (void) line;
  return mir_openssl_malloc (size);
}

static inline void *mir_openssl_realloc_at (void *ptr, size_t size, const char *file, int line) {
  (void) file, (void) line;
  if (size != 0) return mir_openssl_realloc (ptr, size);
  mir_openssl_free (ptr); /* as CRYPTO_realloc's own */
  return NULL;
}

static inline void mir_openssl_free_at (void *ptr, const char *file, int line) {
  (void) file, (void) line;
  mir_openssl_free (ptr);
}

/* Make OpenSSL take all of its memory from ALLOC, which must outlive OPENSSL_cleanup (at exit, unless
   OPENSSL_INIT_NO_ATEXIT).  Call this before any other function of OpenSSL, and once.  1, or 0 if
   OpenSSL has allocated already or this was called before.  Every thread that uses OpenSSL
   allocates.  */
static inline int MIR_openssl_use (MIR_alloc_t alloc) {
  if (mir_openssl_alloc != NULL) return 0;
  int res =
      CRYPTO_set_mem_functions (mir_openssl_malloc_at, mir_openssl_realloc_at, mir_openssl_free_at);
  if (res) mir_openssl_alloc = alloc;
  return res;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_OPENSSL_H */
