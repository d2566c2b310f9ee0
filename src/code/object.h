/* Objects that calls have left half reserved.  */
#ifndef MIR_CODE_OBJECT_INTERNAL_H
#define MIR_CODE_OBJECT_INTERNAL_H

#include "code/types.h"

/* Drop what calls of MIR_code_object_reserve have left: in this thread, by a longjmp or, in a thread of
   the same number, by its cancellation; or in the parent of this process.  No lock is held.  */
void mir_objects_drop_left (struct MIR_code_space *space);

#endif /* MIR_CODE_OBJECT_INTERNAL_H */
