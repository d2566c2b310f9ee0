/* A system without back ends of its own yet: the default MIR_code_alloc serves.  */
#include "mir-code-alloc-default.c" /* first: see there */

#include "code/backend.h"

const struct mir_backend *const mir_backends[] = {NULL};
const struct mir_backend *const mir_backend_fallback = &mir_backend_flip;
const MIR_code_alloc_t mir_backend_fallback_alloc = &default_code_alloc;
