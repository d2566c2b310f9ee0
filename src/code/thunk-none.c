#include "code/thunk.h"

/* A CPU without a pattern yet: asking for a thunk is an error.  */
const struct mir_thunk_pattern mir_thunk_pattern = {{0}, 0};
