/* The second unit of the program that includes the default allocators.  */
#include "mir-code-alloc-default.c"
#include "mir-alloc-default.c"

#include "default-unit.h"

MIR_alloc_t other_unit_alloc (void) {
  return &default_alloc;
}
MIR_code_alloc_t other_unit_code_alloc (void) {
  return &default_code_alloc;
}
