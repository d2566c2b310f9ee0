/* Notes for builds without a memory checker: each does nothing.  annotate.h says what they
   mean.  */
#ifndef MIR_HEAP_ANNOTATE_NONE_H
#define MIR_HEAP_ANNOTATE_NONE_H

#include <stddef.h> /* size_t */

enum { MIR_NOTE_GAP = 0 };

static inline int mir_note_is_heard (void) {
  return 0;
}
static inline void mir_note_pool (const void *pool) {
  (void) pool;
}
static inline void mir_note_closed (const void *start, size_t len) {
  (void) start, (void) len;
}
static inline void mir_note_open (const void *start, size_t len) {
  (void) start, (void) len;
}
static inline void mir_note_known (const void *start, size_t len) {
  (void) start, (void) len;
}
static inline void mir_note_block (const void *pool, const void *block, size_t size) {
  (void) pool, (void) block, (void) size;
}
static inline void mir_note_gone (const void *pool, const void *block) {
  (void) pool, (void) block;
}
static inline void mir_note_resized (const void *pool, const void *block, size_t old_size,
                                     size_t new_size) {
  (void) pool, (void) block, (void) old_size, (void) new_size;
}
static inline void mir_note_trim (const void *pool, const void *start, size_t len) {
  (void) pool, (void) start, (void) len;
}
static inline void mir_note_end (const void *pool) {
  (void) pool;
}
static inline void mir_note_heap_gone (const void *block, size_t size) {
  (void) block, (void) size;
}

#endif /* MIR_HEAP_ANNOTATE_NONE_H */
