/* An adapter that gives SQLite the memory of a MIR_alloc.  There is no other direction:
   sqlite3_malloc promises an alignment of only 8 bytes, less than a MIR_alloc must have.

   SQLite 3.46.1 frees no NULL, resizes no NULL, and passes sizes that xRoundup gave.  After a refused
   allocation each call returns SQLITE_NOMEM, or SQLite does without, and loses nothing.  Nothing goes
   around, and a heap may end after sqlite3_shutdown.  (2026-12)

   SQLite passes no user data to its methods, so the allocator is a static variable: include this in
   one unit.  */
#ifndef MIR_SQLITE_H
#define MIR_SQLITE_H

/* C's casts and NULL are none of a C++ program's business; our tests see the warnings.  */
#if defined(__cplusplus) && defined(__GNUC__) && !defined(MIR_ALLOC_WARNINGS)
#pragma GCC system_header
#endif

#include <sqlite3.h>

#include "mir-heap.h"

#ifdef __cplusplus
extern "C" {
#endif

static MIR_sized_t mir_sqlite_sized;

static inline void *mir_sqlite_malloc (int size) {
  return MIR_malloc (&mir_sqlite_sized->alloc, (size_t) size);
}

static inline void mir_sqlite_free (void *ptr) {
  MIR_free (&mir_sqlite_sized->alloc, ptr);
}

static inline void *mir_sqlite_realloc (void *ptr, int size) {
  return MIR_realloc (&mir_sqlite_sized->alloc, ptr, MIR_sized_size (ptr), (size_t) size);
}

static inline int mir_sqlite_size (void *ptr) {
  return (int) MIR_sized_size (ptr);
}

/* SQLite wants at least a multiple of 8.  */
static inline int mir_sqlite_roundup (int size) {
  return (int) (((unsigned) size + 7u) & ~7u);
}

static inline int mir_sqlite_init (void *data) {
  (void) data;
  return SQLITE_OK;
}

static inline void mir_sqlite_shutdown (void *data) {
  (void) data;
}

/* Make SQLite take all of its memory from SIZED, which must outlive the call of sqlite3_shutdown.
   Call this before sqlite3_initialize and the first connection, or after sqlite3_shutdown;
   otherwise sqlite3_config returns SQLITE_MISUSE, and so does this function.  Every thread that
   uses SQLite allocates, so the allocator below must allow that.  */
static inline int MIR_sqlite_use (MIR_sized_t sized) {
  static const sqlite3_mem_methods methods = {
      mir_sqlite_malloc,  mir_sqlite_free, mir_sqlite_realloc,  mir_sqlite_size,
      mir_sqlite_roundup, mir_sqlite_init, mir_sqlite_shutdown, NULL};
  int res = sqlite3_config (SQLITE_CONFIG_MALLOC, &methods);
  if (res == SQLITE_OK) mir_sqlite_sized = sized;
  return res;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_SQLITE_H */
