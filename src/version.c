/* Tells a program the version of the library that it runs with.  */
#include "mir-alloc-api.h"

int MIR_alloc_version (void) {
  return MIR_ALLOC_VERSION;
}
