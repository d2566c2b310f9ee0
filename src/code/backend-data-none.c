/* Systems on which spaces have no objects yet: there is no back end for their writable data.  */
#include "code/backend.h"

const struct mir_backend mir_backend_data = {.name = "none"};
