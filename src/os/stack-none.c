/* Stacks where no unwinder is known: always empty.  */
#include "os/stack.h"

size_t mir_os_stack (void **addresses, size_t max, const void *caller) {
  (void) addresses, (void) max, (void) caller;
  return 0;
}

int mir_os_symbol (const void *address, struct mir_os_symbol *symbol) {
  (void) address, (void) symbol;
  return 0;
}
