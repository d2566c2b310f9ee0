/* The back ends of Linux.  What each survives is in tests/code/test-hardened.c; why they are in this
   order: anon needs no descriptor and no file and is never refused for making memory executable;
   memfd and tmpfile are for SELinux without execmem, and for valgrind, which refuse anon; procmem
   and remap are for who runs translations of code that do not see stores through an alias.  */
#include "code/backend-common-linux.h"

const struct mir_backend *const mir_backends[] = {&mir_backend_anon,
                                                  &mir_backend_memfd,
                                                  &mir_backend_tmpfile,
                                                  &mir_backend_procmem,
                                                  &mir_backend_remap,
                                                  &mir_backend_rwx,
                                                  NULL};
const struct mir_backend *const mir_backend_fallback = NULL;
const MIR_code_alloc_t mir_backend_fallback_alloc = NULL;
