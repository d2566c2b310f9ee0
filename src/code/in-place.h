/* Code that is written where it will run: a slab of its own, of private writable memory, which
   executable memory replaces when the code is complete (W^X).  Any thread; no lock is held.  */
#ifndef MIR_CODE_IN_PLACE_H
#define MIR_CODE_IN_PLACE_H

#include <stddef.h> /* size_t */

#include "mir-code.h"
#include "code/aligned.h"

/* Whether code can be written in place with BACKEND at LEVEL: what is sealed cannot be moved.  */
static inline int mir_in_place_works (const struct mir_backend *backend,
                                      MIR_code_protection_t level) {
  return backend->move != NULL && level != MIR_CODE_SEALED;
}
/* Take all of a new slab of POOL, for LEN > 0 bytes, and set *BLOCK to it.  */
MIR_code_status_t mir_in_place_take (struct mir_pool *pool, size_t len, struct mir_block *block);
/* Make the first LEN bytes of BLOCK code, which stays pinned, with TAG, unless that is 0, and the rest of
   its slab free room for other code.  On failure all is as it was.  */
MIR_code_status_t mir_in_place_commit (const struct mir_block *block, size_t len, uint64_t tag);
/* Give BLOCK, which is not committed, back.  */
void mir_in_place_abort (const struct mir_block *block);

#endif /* MIR_CODE_IN_PLACE_H */
