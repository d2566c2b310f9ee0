/* The back ends of a system for which none is written yet: only the fallback over the default
   MIR_code_alloc.  */
#include "code/backend-list.h"

#include <stddef.h> /* NULL */

const struct mir_backend *const mir_backends[] = {NULL};
const struct mir_backend *const mir_backend_fallback = &mir_backend_flip;
