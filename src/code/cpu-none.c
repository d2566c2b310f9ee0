#include "code/cpu.h"

/* A CPU without patterns yet: there are no thunks, and executable memory is believed in unseen.  */
const struct mir_cpu mir_cpu = {{0}, 0, {{0}, {0}}, 0, {0}, SIZE_MAX / 2};
