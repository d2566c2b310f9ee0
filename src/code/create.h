/* The end of a space, and the defaults of its options.  */
#ifndef MIR_CODE_CREATE_H
#define MIR_CODE_CREATE_H

#include "mir-code.h"

enum { MIR_PURGE_MS = 500 }; /* unless the options say something else */

/* Finish all writers, unmap all code and free all memory but *SPACE itself, which mir_space_init
   has initialised.  No other thread uses SPACE.  */
void mir_space_finish (struct MIR_code_space *space);

#endif /* MIR_CODE_CREATE_H */
