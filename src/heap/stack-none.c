/* A system without backtrace ().  */
#include "heap/stack.h"

size_t mir_stack_take (void **frames, size_t max) {
  (void) frames, (void) max;
  return 0;
}

void mir_stack_print (void *const *frames, size_t num) {
  (void) frames, (void) num;
}
