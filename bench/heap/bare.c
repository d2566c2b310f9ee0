/* mimalloc, for a shared library with nothing else in it, or for a program.  */
#include "bare.h"

#include <mimalloc.h>

void *bare_malloc (size_t size) {
  return mi_malloc (size);
}
