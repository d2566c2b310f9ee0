/* Large blocks of the default heap and of heaps: there must be room for them, and they grow without
   being copied.  The build picks large.c or large-none.c.  Any thread.  */
#ifndef MIR_HEAP_LARGE_H
#define MIR_HEAP_LARGE_H

#include <stddef.h> /* size_t */

/* Bytes: a block of more needs room before it is allocated; one of at least so many is moved.  */
enum { MIR_LARGE = 4 * 1024 * 1024, MIR_LARGE_MOVED = 512 * 1024 };

/* Whether mir_large_move may be of use to a block that grows from OLD_SIZE to NEW_SIZE bytes.  */
static inline int mir_large_is_moved (size_t old_size, size_t new_size) {
  return old_size >= MIR_LARGE_MOVED && new_size > old_size;
}

/* Put the first LEN bytes of the block FROM, which the caller frees next, into the fresh block TO.  0,
   or -1 where the system has lost TO: then TO must not be used, nor freed, and FROM is as before.  */
int mir_large_move (void *from, void *to, size_t len);

#endif /* MIR_HEAP_LARGE_H */
