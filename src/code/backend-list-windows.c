/* The back ends of Windows.  */
#include "code/backend-list.h"

#include <stddef.h> /* NULL */

const struct mir_backend *const mir_backends[] = {&mir_backend_section, NULL};
const struct mir_backend *const mir_backend_fallback = &mir_backend_flip;
