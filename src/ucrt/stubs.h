/* Jump stubs: jumps of any reach in memory so near to a CRT that its own jumps reach it.  One
   thread at a time: plan.h.  */

#ifndef MIR_UCRT_STUBS_H
#define MIR_UCRT_STUBS_H

#include "ucrt/plan.h"

/* Make stubs for the patches that are DISTANT, within reach of their AT; executable, not writable.
   If none is needed, check that this process may make memory executable at all: the CRT's pages
   must become so again.  Returns 0, or -1 with nothing allocated.  */
int ucrt_make_stubs (struct ucrt_plan *plan);

/* Free the stubs of a plan, to which no jump leads any more; NULL is allowed.  */
void ucrt_release_stubs (void *stubs);

#endif
