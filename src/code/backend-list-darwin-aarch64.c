/* The back ends of macOS on arm64, where no other memory than MAP_JIT becomes executable.  */
#include "code/backend.h"

extern const struct mir_backend mir_backend_map_jit;

const struct mir_backend *const mir_backends[] = {&mir_backend_map_jit, NULL};
const struct mir_backend *const mir_backend_fallback = NULL;
const MIR_code_alloc_t mir_backend_fallback_alloc = NULL;
