/* What a fork does to spaces: it waits for their locks and ends a generation of pages.  */
#ifndef MIR_CODE_FORK_H
#define MIR_CODE_FORK_H

#include "mir-code.h"

struct mir_pool;

/* The number of forks so far.  Pages of another generation may be shared with another process.  Any
   thread; lock-free.  */
unsigned mir_generation (void);

/* From now until mir_unwatch_forks a fork takes the locks of SPACE and ends its generation.
   MIR_CODE_NO_MEMORY when the system cannot register that.  */
MIR_code_status_t mir_watch_forks (struct MIR_code_space *space);
/* Also allowed for a space that was never watched.  */
void mir_unwatch_forks (struct MIR_code_space *space);
/* Add POOL to its space at a moment when no fork is under way.  */
void mir_watch_pool (struct mir_pool *pool);

#endif /* MIR_CODE_FORK_H */
