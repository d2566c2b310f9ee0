/* The back ends of macOS on x86-64.  */
#include "code/backend-list.h"

#include <stddef.h> /* NULL */

const struct mir_backend *const mir_backends[] = {&mir_backend_anon, NULL};
const struct mir_backend *const mir_backend_fallback = &mir_backend_flip;
