/* The protection of executable memory on CPUs without landing pads that Linux could enforce.  */
#include "code/backend-exec-linux.h"

#include <sys/mman.h>

int mir_linux_exec_prot (const struct mir_pages *pages) {
  (void) pages;
  return PROT_READ | PROT_EXEC;
}
