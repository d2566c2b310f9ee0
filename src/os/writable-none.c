/* Whether memory is writable, on systems that do not tell: no.  */
#include "os/os.h"

int mir_os_is_writable (void *start, size_t len) {
  (void) start;
  (void) len;
  return 0;
}
