#include "code/cpu.h"

/* A CPU without patterns yet: there are no thunks, and executable memory is believed in unseen.  */
const struct mir_cpu mir_cpu = {.reach = SIZE_MAX / 2};
