/* An adapter that gives libssh2's sessions the memory of a MIR_alloc: libssh2_session_init_ex.

   libssh2 1.11.1 frees no NULL and may make blocks smaller; a refused shrink is an error, and the
   functions here refuse none.  It does not survive every refused allocation.  In one place it frees
   one of these blocks by the C library's free, which ends the process: try all that a program does
   with it.  Its cryptography goes around, six of seven bytes: OpenSSL's, for which mir-openssl.h
   serves.  (2026-12)  */
#ifndef MIR_LIBSSH2_H
#define MIR_LIBSSH2_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <libssh2.h>

#include "mir-callbacks.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline void *mir_libssh2_malloc (size_t size, void **abstract) {
  return mir_headed_malloc ((MIR_alloc_t) *abstract, size);
}

static inline void *mir_libssh2_realloc (void *ptr, size_t size, void **abstract) {
  return mir_headed_realloc ((MIR_alloc_t) *abstract, ptr, size);
}

static inline void mir_libssh2_free (void *ptr, void **abstract) {
  mir_headed_free ((MIR_alloc_t) *abstract, ptr);
}

/* Make a session over ALLOC, which must outlive it; *libssh2_session_abstract is ALLOC, and may not
   be changed.  NULL on failure.  One thread at a time in a session.  */
static inline LIBSSH2_SESSION *MIR_libssh2_session (MIR_alloc_t alloc) {
  return libssh2_session_init_ex (mir_libssh2_malloc, mir_libssh2_free, mir_libssh2_realloc, alloc);
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_LIBSSH2_H */
