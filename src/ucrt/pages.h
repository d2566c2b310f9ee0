/* Writes the jumps of a plan into the CRT's pages.  */

#ifndef MIR_UCRT_PAGES_H
#define MIR_UCRT_PAGES_H

#include "ucrt/plan.h"

/* Write the jumps of PLAN, all or none; afterwards the pages are as accessible as before.  Returns
   0, or -1 with the reason in PLAN.  While other threads are stopped, or before the CRT runs.  */
int ucrt_write_jumps (struct ucrt_plan *plan);

#endif
