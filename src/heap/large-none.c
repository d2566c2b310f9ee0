/* Copies large blocks.  The build picks this file or large.c.  */
#include "heap/large.h"

#include <string.h>

int mir_large_move (void *from, void *to, size_t len) {
  memcpy (to, from, len);
  return 0;
}
