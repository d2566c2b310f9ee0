/* Names of functions where the files of modules are not read.  macOS's dladdr knows them all.  */
#include "os/symbols.h"

void mir_os_each_function (struct mir_os_lookup *lookups, size_t num, mir_os_function_func_t func,
                           void *user_data) {
  (void) lookups, (void) num, (void) func, (void) user_data;
}

int mir_os_function (const void *address, struct mir_os_function *function) {
  (void) address, (void) function;
  return 0;
}
