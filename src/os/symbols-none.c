/* Names of functions where the files of modules are not read.  macOS's dladdr knows them all.  */
#include "os/symbols.h"

int mir_os_function (const void *address, struct mir_os_function *function) {
  (void) address, (void) function;
  return 0;
}
