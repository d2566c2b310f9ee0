/* The back ends of a system in order of preference; one file per system defines them.  Constants:
   any thread.  */
#ifndef MIR_CODE_BACKEND_LIST_H
#define MIR_CODE_BACKEND_LIST_H

#include "code/backend.h"

/* The best one first, up to a NULL.  */
extern const struct mir_backend *const mir_backends[];
/* The back end for the default MIR_code_alloc, taken when none of the others works and
   MIR_CODE_FLIP is allowed.  NULL: none.  */
extern const struct mir_backend *const mir_backend_fallback;

#endif /* MIR_CODE_BACKEND_LIST_H */
