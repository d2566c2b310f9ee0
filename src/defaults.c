/* The library's only copy of the default vtables.  */
#include "mir-code-alloc-default.c" /* first: see there */
#include "mir-alloc-default.c"

#include "defaults.h"

#include "heap/prepare.h"

MIR_alloc_t mir_default_alloc (void) {
  mir_heap_prepare ();
  return &default_alloc;
}

MIR_code_alloc_t mir_default_code_alloc (void) {
  return &default_code_alloc;
}
