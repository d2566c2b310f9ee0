/* The end of code blocks.  */
#ifndef MIR_CODE_RECLAIM_H
#define MIR_CODE_RECLAIM_H

#include <stdint.h>

#include "mir-code.h"
#include "code/types.h"

enum {
  MIR_RECLAIM_MANY = 1 << 0, /* its neighbours may follow */
  MIR_RECLAIM_TOLD = 1 << 1, /* it is poisoned, and the hook `freed` was told already */
  MIR_RECLAIM_QUIET = 1 << 2 /* no hook hears of it */
};

/* Reclaim the block at FIRST in SLAB, which is no thunk and may be pinned: poison it, notify the hook
   `freed`, and free it, as HOW says, some of the above.  The lock of the pool is held, and released
   around the hook.  On failure the block is as it was.  */
MIR_code_status_t mir_reclaim_block (struct mir_slab *slab, uint32_t first, int how);

/* Reclaim the blocks that were freed alone, before GRACE ended, in all pools of SPACE.  No lock is held.
   Returns the last failure, if any.  */
MIR_code_status_t mir_reclaim_blocks (struct MIR_code_space *space, MIR_code_grace_t grace);

#endif /* MIR_CODE_RECLAIM_H */
