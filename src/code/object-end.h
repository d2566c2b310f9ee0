/* The end of objects: with a grace period, with their space.  */
#ifndef MIR_CODE_OBJECT_END_H
#define MIR_CODE_OBJECT_END_H

#include "mir-code.h"
#include "code/types.h"

/* Reclaim the objects that were freed before GRACE ended.  Any thread; no lock is held.  Returns the
   last failure, if any.  */
MIR_code_status_t mir_objects_reclaim (struct MIR_code_space *space, uint64_t grace);
/* Free the records of SPACE, and what open objects hold from the general allocator.  No other thread
   uses SPACE.  */
void mir_objects_finish (struct MIR_code_space *space);

#endif /* MIR_CODE_OBJECT_END_H */
