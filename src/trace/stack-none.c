/* A system of which it is not known how: allocations have no stacks.  */
#include "trace/trace-file.h"

size_t mir_trace_stack (uintptr_t *addresses, size_t max, uintptr_t caller) {
  (void) addresses, (void) max, (void) caller;
  return 0;
}

int mir_trace_symbol (uintptr_t address, char *text, size_t size) {
  (void) address, (void) text, (void) size;
  return 0;
}
