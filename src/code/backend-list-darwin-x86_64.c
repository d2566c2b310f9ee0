/* The back ends of macOS on x86-64.  */
#include "mir-code-alloc-default.c" /* first: see there */

#include "code/backend.h"

extern const struct mir_backend mir_backend_anon;

const struct mir_backend *const mir_backends[] = {&mir_backend_anon, NULL};
const struct mir_backend *const mir_backend_fallback = &mir_backend_flip;
const MIR_code_alloc_t mir_backend_fallback_alloc = &default_code_alloc;
