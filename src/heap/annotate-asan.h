/* Notes for AddressSanitizer, which poisons and unpoisons bytes (sanitizer/asan_interface.h).
   annotate.h says what each note means; the unused arguments are for other checkers.  */
#ifndef MIR_HEAP_ANNOTATE_ASAN_H
#define MIR_HEAP_ANNOTATE_ASAN_H

#include <stddef.h> /* size_t */
#include <sanitizer/asan_interface.h>

enum { MIR_NOTE_GAP = 16 }; /* bytes: a multiple of 8 has shadow bytes of its own */

static inline int mir_note_is_heard (void) {
  return 1;
}
static inline void mir_note_pool (const void *pool) {
  (void) pool;
}
static inline void mir_note_closed (const void *start, size_t len) {
  ASAN_POISON_MEMORY_REGION (start, len);
}
static inline void mir_note_open (const void *start, size_t len) {
  ASAN_UNPOISON_MEMORY_REGION (start, len);
}
static inline void mir_note_known (const void *start, size_t len) {
  ASAN_UNPOISON_MEMORY_REGION (start, len);
}
static inline void mir_note_block (const void *pool, const void *block, size_t size) {
  (void) pool;
  ASAN_UNPOISON_MEMORY_REGION (block, size);
}
static inline void mir_note_gone (const void *pool, const void *block) {
  (void) pool, (void) block;
}
static inline void mir_note_resized (const void *pool, const void *block, size_t old_size,
                                     size_t new_size) {
  (void) pool;
  if (new_size > old_size)
    ASAN_UNPOISON_MEMORY_REGION (block, new_size);
  else
    ASAN_POISON_MEMORY_REGION ((const char *) block + new_size, old_size - new_size);
}
static inline void mir_note_trim (const void *pool, const void *start, size_t len) {
  (void) pool, (void) start, (void) len;
}
static inline void mir_note_end (const void *pool) {
  (void) pool;
}
static inline void mir_note_heap_gone (const void *block, size_t size) {
  ASAN_POISON_MEMORY_REGION (block, size);
}

#endif /* MIR_HEAP_ANNOTATE_ASAN_H */
