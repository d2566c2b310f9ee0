/* Thunks: code which jumps through a cell.  Any thread, with no lock held.  */
#ifndef MIR_CODE_THUNK_H
#define MIR_CODE_THUNK_H

#include <stdint.h>

#include "mir-code.h"

struct mir_pool;

/* Publish a thunk without a target and set *RES to it.  The hooks are not notified.  */
MIR_code_status_t mir_thunk_new (struct mir_pool *pool, uint8_t **res);
/* The target of THUNK.  Any thread; lock-free.  */
void *mir_thunk_target (const void *thunk);
/* Make the thunk at ADDR jump to TARGET.  MIR_CODE_NOT_OURS if no thunk of SPACE starts there.  */
MIR_code_status_t mir_thunk_redirect (struct MIR_code_space *space, const void *addr, void *target);

#endif /* MIR_CODE_THUNK_H */
