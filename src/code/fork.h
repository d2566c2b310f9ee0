/* What a fork does to spaces: it waits for their locks and ends a generation of pages.  Any thread,
   with no lock held: these functions take the lock of the registry.  */
#ifndef MIR_CODE_FORK_H
#define MIR_CODE_FORK_H

#include <stdatomic.h>

#include "mir-code.h"

struct mir_pool;

extern atomic_uint mir_fork_generation; /* only fork.c stores to it */

/* The number of forks so far.  Pages of another generation may be shared with another process.  Any
   thread; lock-free.  */
static inline unsigned mir_generation (void) {
  return atomic_load_explicit (&mir_fork_generation, memory_order_relaxed);
}
/* From now on forks are counted; the first mir_watch_forks does the same.  0, or -1 when the system
   cannot register that.  */
int mir_count_forks (void);

/* From now until mir_unwatch_forks a fork takes the locks of SPACE and ends its generation.
   MIR_CODE_NO_MEMORY when the system cannot register that.  */
MIR_code_status_t mir_watch_forks (struct MIR_code_space *space);
/* Also allowed for a space that was never watched.  */
void mir_unwatch_forks (struct MIR_code_space *space);
/* Add POOL to the pools of its space while no fork is under way: a fork locks each pool it
   finds.  */
void mir_watch_pool (struct mir_pool *pool);

#endif /* MIR_CODE_FORK_H */
