/* A CPU without patterns: there are no thunks, and the probe runs no code.  */
#include "code/cpu.h"

const struct mir_cpu mir_cpu = {.reach = SIZE_MAX / 2};
