/* mprotect of the RW view of a dual mapping.  */
#include "code/backend-alias-protect.h"

#include <sys/mman.h>

#include "os/os.h"

int mir_alias_protect (struct mir_pages *pages, const uint8_t *start, size_t len,
                       int is_accessible) {
  size_t mask = mir_os_page_size () - 1, offset = (size_t) (start - pages->rx);
  size_t first = offset & ~mask, bound = (offset + len + mask) & ~mask;
  pages->system_calls++;
  return mprotect (pages->rw + first, bound - first,
                   is_accessible ? PROT_READ | PROT_WRITE : PROT_NONE);
}
