/* Notes for valgrind, which calls an arena's chunk a memory pool (Valgrind manual, 4.8, Memory
   Pools).  Outside valgrind a request is a few instructions without effect.  annotate.h says what
   each note means.  */
#ifndef MIR_HEAP_ANNOTATE_VALGRIND_H
#define MIR_HEAP_ANNOTATE_VALGRIND_H

#include <stddef.h> /* size_t */
#include <valgrind/memcheck.h>
#include <valgrind/valgrind.h>

enum { MIR_NOTE_GAP = 0 }; /* bytes: valgrind knows the ends of blocks without a gap */

static inline int mir_note_is_heard (void) {
  return RUNNING_ON_VALGRIND != 0;
}
static inline void mir_note_pool (const void *pool) {
  (void) pool; /* for CPUs that the header does not know */
  VALGRIND_CREATE_MEMPOOL (pool, 0, 0);
}
static inline void mir_note_closed (const void *start, size_t len) {
  (void) start, (void) len;
  VALGRIND_MAKE_MEM_NOACCESS (start, len);
}
static inline void mir_note_open (const void *start, size_t len) {
  (void) start, (void) len;
  VALGRIND_MAKE_MEM_UNDEFINED (start, len);
}
static inline void mir_note_known (const void *start, size_t len) {
  (void) start, (void) len;
  VALGRIND_MAKE_MEM_DEFINED (start, len);
}
static inline void mir_note_block (const void *pool, const void *block, size_t size) {
  (void) pool, (void) block, (void) size;
  VALGRIND_MEMPOOL_ALLOC (pool, block, size);
}
static inline void mir_note_gone (const void *pool, const void *block) {
  (void) pool, (void) block;
  VALGRIND_MEMPOOL_FREE (pool, block);
}
static inline void mir_note_resized (const void *pool, const void *block, size_t old_size,
                                     size_t new_size) {
  (void) pool, (void) block; /* for CPUs that the header does not know */
  VALGRIND_MEMPOOL_CHANGE (pool, block, block, new_size);
  if (new_size > old_size)
    mir_note_open ((const char *) block + old_size, new_size - old_size);
  else
    mir_note_closed ((const char *) block + new_size, old_size - new_size);
}
static inline void mir_note_trim (const void *pool, const void *start, size_t len) {
  (void) pool, (void) start, (void) len;
  VALGRIND_MEMPOOL_TRIM (pool, start, len);
}
static inline void mir_note_end (const void *pool) {
  (void) pool;
  VALGRIND_DESTROY_MEMPOOL (pool);
}
static inline void mir_note_heap_gone (const void *block, size_t size) {
  (void) block, (void) size;
  VALGRIND_FREELIKE_BLOCK (block, 0);
}

#endif /* MIR_HEAP_ANNOTATE_VALGRIND_H */
