#include "code/backend.h"

/* A system without back ends of its own yet: the default vtable serves.  */
const struct mir_backend *const mir_backends[] = {NULL};
const struct mir_backend *const mir_backend_fallback = &mir_backend_vtable;
