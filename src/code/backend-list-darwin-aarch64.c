/* The back ends of macOS on arm64, where only MAP_JIT memory becomes executable.  */
#include "code/backend-list.h"

#include <stddef.h> /* NULL */

const struct mir_backend *const mir_backends[] = {&mir_backend_map_jit, NULL};
const struct mir_backend *const mir_backend_fallback = NULL;
