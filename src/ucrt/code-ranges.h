/* The code that no other thread may be in while jumps are written.  One thread at a time:
   plan.h.  */

#ifndef MIR_UCRT_CODE_RANGES_H
#define MIR_UCRT_CODE_RANGES_H

#include "ucrt/plan.h"

/* Fill the plan's RANGES from its patches.  Returns 0, or -1 if there are more than fit.  */
int ucrt_find_code_ranges (struct ucrt_plan *plan);

#endif
