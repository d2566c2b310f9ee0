/* A CPU without patterns: there are no thunks, and the probe cannot run code.  */
#include "code/cpu.h"

const struct mir_cpu mir_cpu = {.reach = SIZE_MAX / 2};
