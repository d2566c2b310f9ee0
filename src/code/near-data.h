/* Writable data in the range of a space.  Any thread.  */
#ifndef MIR_CODE_NEAR_DATA_H
#define MIR_CODE_NEAR_DATA_H

#include <stddef.h> /* size_t */

#include "mir-code.h"
#include "code/aligned.h"

/* Take LEN > 0 bytes, zeroed, at a multiple of ALIGNMENT, of PART, the one for writable data, and set
   *BLOCK, which is pinned.  No lock is held; on success the pool of BLOCK->slab is locked.  */
MIR_code_status_t mir_data_take (struct MIR_code_space *part, size_t len, size_t alignment,
                                 struct mir_block *block);

#endif /* MIR_CODE_NEAR_DATA_H */
