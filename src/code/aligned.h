/* Reserved blocks: granules at a multiple of an alignment, pinned until they are published.  Any
   thread.  */
#ifndef MIR_CODE_ALIGNED_H
#define MIR_CODE_ALIGNED_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-code.h"
#include "code/types.h"

/* Where a reserved block is; SLAB NULL: nowhere.  */
struct mir_block {
  struct mir_slab *slab;
  uint32_t first; /* granule */
};

/* Take N granules, the first of them at a multiple of ALIGNMENT bytes, a power of two, of POOL or of
   another pool of its space, pin them and set *BLOCK.  No lock is held; on success the pool of
   BLOCK->slab is locked.  A forked child finds *BLOCK set if the granules are taken.  */
MIR_code_status_t mir_take_aligned (struct mir_pool *pool, uint32_t n, size_t alignment,
                                    struct mir_block *block);

#endif /* MIR_CODE_ALIGNED_H */
