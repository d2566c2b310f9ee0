/* The back ends of Linux.  tests/code/test-hardened.c shows what each of them survives.

   The reasons for their order: anon needs no descriptor and no file, and is never refused for
   making memory executable; memfd and tmpfile are for SELinux without execmem and for valgrind,
   which refuse anon; procmem and remap are for emulators whose translations of code do not see
   stores through an alias.  */
#include "code/backend-list.h"

#include <stddef.h> /* NULL */

const struct mir_backend *const mir_backends[] = {&mir_backend_anon,
                                                  &mir_backend_memfd,
                                                  &mir_backend_tmpfile,
                                                  &mir_backend_procmem,
                                                  &mir_backend_remap,
                                                  &mir_backend_rwx,
                                                  NULL};
const struct mir_backend *const mir_backend_fallback = NULL;
