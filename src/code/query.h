/* The invariants of a space, for tests.  */
#ifndef MIR_CODE_QUERY_H
#define MIR_CODE_QUERY_H

#include "mir-code.h"

/* Whether the invariants of types.h and granules.h hold.  Takes the locks of the pools.  */
int mir_space_check (struct MIR_code_space *space);

#endif /* MIR_CODE_QUERY_H */
