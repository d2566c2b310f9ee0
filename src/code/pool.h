/* Pools: what is taken and what is free in their slabs, and the metadata tables for it.  Any thread;
   the comments say which lock is held.  types.h has the structures and the words.  */
#ifndef MIR_CODE_POOL_H
#define MIR_CODE_POOL_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-code.h"
#include "code/granules.h"

struct mir_pool;
struct mir_slab;

/* A free run that is long enough, taken out of the bins until mir_pool_take or mir_pool_leave.  */
struct mir_placement {
  struct mir_slab *slab;
  uint32_t start, len; /* granules */
  int fresh;           /* the slab was made for this placement */
};

/* The table that must have room for one more entry.  */
enum mir_table { MIR_NO_TABLE, MIR_TAGS, MIR_THUNKS };

/* Initialise POOL, in memory of the caller's, without slabs.  MIR_CODE_NO_MEMORY: no lock.  */
MIR_code_status_t mir_pool_init (struct mir_pool *pool, struct MIR_code_space *space);
/* Unmap the slabs and free the memory of POOL.  No other thread uses it.  */
void mir_pool_finish (struct mir_pool *pool);

enum { MIR_COLOURED = 16 }; /* granules: see mir_granules_for */

/* The granules for LEN bytes of code, or 0 when LEN is 0 or too large: on CPUs of 32 bits, half of
   the address space, where sums of sizes would wrap around.  A multiple of 16 granules
   gets one more, so that blocks of large powers of two do not all compete for the same cache
   lines.  */
static inline uint32_t mir_granules_for (size_t len) {
  size_t n = len / MIR_GRANULE + (len % MIR_GRANULE != 0);
  if (len >= SIZE_MAX / 2 || n >= UINT32_MAX / 2) return 0;
  return (uint32_t) (n != 0 && n % MIR_COLOURED == 0 ? n + 1 : n);
}

/* The granules of 1 << SHIFT bytes for LEN bytes of data, or 0 as above.  */
static inline uint32_t mir_data_granules_for (size_t len, unsigned shift) {
  size_t n = (len >> shift) + ((len & (((size_t) 1 << shift) - 1)) != 0);
  return len < SIZE_MAX / 2 && n < UINT32_MAX / 2 ? (uint32_t) n : 0;
}

/* Lock POOL and grow its metadata tables so that one more code block fits, and one more entry in
   TABLE.  The lock stays held on success; on failure it is not held.  */
MIR_code_status_t mir_pool_reserve_metadata (struct mir_pool *pool, enum mir_table table);
/* Set *PLACEMENT to a free run of N granules or more: of POOL; or of another pool of the space; or
   of a slab that is mapped for it.  On success the pool of the slab is locked and has room in its
   tables as after mir_pool_reserve_metadata; on failure nothing is locked.  */
MIR_code_status_t mir_pool_find_room (struct mir_pool *pool, uint32_t n, enum mir_table table,
                                      struct mir_placement *placement);
/* Set *PLACEMENT to N free granules at a multiple of ALIGNMENT bytes, in any pool of the space, by
   looking at all of it.  0 as mir_pool_find_room on success, or -1 if there are none.  */
int mir_pool_find_aligned (struct mir_pool *pool, uint32_t n, size_t alignment,
                           struct mir_placement *placement);
/* Set *PLACEMENT to the run at START in SLAB, whose pool is locked.  Returns its length, or 0 when no
   run starts there.  */
uint32_t mir_pool_place_at (struct mir_slab *slab, uint32_t start, struct mir_placement *placement);

/* The lock of the slab's pool is held for all functions down to mir_pool_unlink_empty.  */

/* Make the first N granules of PLACEMENT a code block; or leave PLACEMENT free.  */
void mir_pool_take (const struct mir_placement *placement, uint32_t n);
void mir_pool_leave (const struct mir_placement *placement);
/* As mir_pool_leave; then, if the slab was made for PLACEMENT, unlink it and return it.  */
struct mir_slab *mir_pool_give_up (const struct mir_placement *placement);
/* Free the code block from FIRST to LAST, its granules, in SLAB.  */
void mir_pool_release (struct mir_slab *slab, uint32_t first, uint32_t last);
/* The same, where neighbours are freed together: the run that holds the block is measured.  */
void mir_pool_release_one_of_many (struct mir_slab *slab, uint32_t first, uint32_t last);
/* Free all but the first N granules of the code block at FIRST.  */
void mir_pool_shrink (struct mir_slab *slab, uint32_t first, uint32_t n);
/* Free the first N granules, not all, of the code block at FIRST.  */
void mir_pool_cut (struct mir_slab *slab, uint32_t first, uint32_t n);
/* Unlink empty slabs and return them, linked by `next`: those that have been empty for OLDER_THAN
   milliseconds but for the newest one, and those that were not needed in that time; all if ALL.  */
struct mir_slab *mir_pool_unlink_empty (struct mir_pool *pool, uint64_t older_than, int all);

/* Add SLAB, which mir_slab_make has made, to POOL.  No lock is held; on success that of POOL is, on
   failure SLAB is gone.  */
MIR_code_status_t mir_pool_add_slab (struct mir_pool *pool, struct mir_slab *slab);
/* Unmap SLAB if it is still in POOL and empty.  No lock is held.  */
void mir_pool_drop_slab (struct mir_pool *pool, struct mir_slab *slab);
/* Free what is in `described`.  The lock is not held.  */
void mir_pool_free_described (struct mir_pool *pool);
/* Unmap LIST, a result of mir_pool_unlink_empty or mir_pool_give_up; a slab that the system does not
   unmap goes back to its pool.  No lock is held.  Returns the bytes unmapped.  */
size_t mir_pool_drop_slabs (struct mir_slab *list);
/* In a forked child: unmap the slabs which were in transit in other threads of the parent.  No lock
   is held.  Returns the bytes unmapped.  */
size_t mir_pools_drop_orphans (struct MIR_code_space *space);
/* Unmap the empty slabs of all pools of SPACE, and orphans.  No lock is held.  Returns the bytes unmapped.  */
size_t mir_pools_drop_empty (struct MIR_code_space *space);
/* After the refusal STATUS: if a limit is in the way of a mapping for SPACE, unmap the empty slabs of all
   that has this limit in common with it, the space that it is a part of and all its parts.  No lock is
   held.  Returns the bytes unmapped.  */
size_t mir_pools_make_way (struct MIR_code_space *space, MIR_code_status_t status);
/* Move the metadata tables of POOL to less memory where they use little of what they have.  No lock
   is held.  Without memory for that they stay.  */
void mir_pool_shrink_tables (struct mir_pool *pool);

#endif /* MIR_CODE_POOL_H */
