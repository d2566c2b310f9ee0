/* A CPU without patterns: there are no thunks, and the probe runs no code, so that it takes only
   back ends which need no trial.  */
#include "code/cpu.h"

const struct mir_cpu mir_cpu = {.reach = SIZE_MAX / 2};
