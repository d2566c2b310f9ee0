/* Slabs: mapped within the limits of a space, populated ahead, discarded and unmapped.  Any thread;
   the comments say which lock is held.  */
#ifndef MIR_CODE_SLAB_H
#define MIR_CODE_SLAB_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-code.h"
#include "code/fork.h"
#include "code/types.h"

/* Map writable memory for a slab of at least N granules, to which in-place.c gives another back end.  As
   mir_slab_make in all other respects.  */
MIR_code_status_t mir_slab_make_in_place (struct mir_pool *pool, uint32_t n,
                                          struct mir_slab **slab);
/* The memory of SLAB is executable now: notify the hook `mapped`.  No lock is held.  */
void mir_slab_notify_mapped (struct mir_slab *slab);
/* Map a slab of at least N granules, and of PREFERRED bytes if no limit prevents it, and set *SLAB
   to it.  The slab is in no list and no directory yet.  No lock is held.  */
MIR_code_status_t mir_slab_make (struct mir_pool *pool, uint32_t n, size_t preferred,
                                 struct mir_slab **slab);
/* Free the structure of SLAB, whose pages are unmapped.  No lock is held.  */
void mir_slab_free (struct mir_slab *slab);
/* Whether any address of the unlinked SLAB is in a linked one.  */
int mir_slab_overlaps (const struct mir_slab *slab);
/* Free the unlinked SLAB without unmapping its pages.  No lock is held.  */
void mir_slab_forget (struct mir_slab *slab);
/* Put SLAB into the list of its pool and into the directory.  The lock of the pool is held.  */
void mir_slab_link (struct mir_slab *slab);
/* Remove the empty SLAB from that list and from the directory.  The lock of its pool is held.  */
void mir_slab_unlink (struct mir_slab *slab);
/* SLAB has lost its last code block, or is about to get its first.  The lock of its pool is held.  */
void mir_slab_enter_empty (struct mir_slab *slab);
void mir_slab_leave_empty (struct mir_slab *slab);
/* Unmap and free the unlinked SLAB.  No lock is held.  Returns the bytes unmapped, or 0 when the
   system refuses; then SLAB is as it was.  */
size_t mir_slab_unmap (struct mir_slab *slab);
/* In a forked child: take one of the slabs which were in transit in the parent, as mir_slab_unlink
   leaves it, and drop those which were only partly mapped.  NULL: there is none.  No lock is
   held.  */
struct mir_slab *mir_slab_adopt (struct MIR_code_space *space);
/* As mir_slab_populate, which is quicker for granules that have memory.  */
MIR_code_status_t mir_slab_populate_ahead (struct mir_slab *slab, uint32_t first, uint32_t bound);
/* Give the memory of the whole free pages of SLAB back to the system.  Returns the bytes that had
   memory before and have none now.  The lock of the pool is held.  */
size_t mir_slab_discard (struct mir_slab *slab);

/* The bytes of N granules of SLAB, thus the offset of granule N.  */
static inline size_t mir_slab_offset (const struct mir_slab *slab, uint32_t n) {
  return (size_t) n << slab->shift;
}

/* The address at which GRANULE of SLAB is executed; the granule that holds ADDR, an address in
   SLAB.  */
static inline uint8_t *mir_slab_address (const struct mir_slab *slab, uint32_t granule) {
  return slab->pages.rx + mir_slab_offset (slab, granule);
}

static inline uint32_t mir_slab_granule (const struct mir_slab *slab, const void *addr) {
  return (uint32_t) ((size_t) ((const uint8_t *) addr - slab->pages.rx) >> slab->shift);
}

/* Whether SLAB has no code block.  The lock of its pool is held.  */
static inline int mir_slab_is_empty (const struct mir_slab *slab) {
  return slab->granules.top == 0;
}

/* Ensure the granules [FIRST, BOUND), which are written next, have memory, and ask for more ahead;
   those behind the end of SLAB do not count.  Any other status than MIR_CODE_OK: the system has
   none, and nothing may be written there.  The lock of the pool is held.  */
static inline MIR_code_status_t mir_slab_populate (struct mir_slab *slab, uint32_t first,
                                                   uint32_t bound) {
  return slab->pages.generation == mir_generation ()
                 && (slab->all_backed
                     || mir_are_backed (slab->backed, mir_slab_offset (slab, first),
                                        mir_slab_offset (slab, bound)))
             ? MIR_CODE_OK
             : mir_slab_populate_ahead (slab, first, bound);
}

#endif /* MIR_CODE_SLAB_H */
