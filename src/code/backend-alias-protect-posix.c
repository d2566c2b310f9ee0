/* mprotect of the RW view of a dual mapping.  */
#include "code/backend-alias-protect.h"

#include <errno.h>
#include <sys/mman.h>

#include "os/os.h"

/* ENOMEM: for a part of a mapping, access of its own would be one mapping too many (mprotect(2)).
   The whole alias needs none.  */
int mir_alias_protect (struct mir_pages *pages, const uint8_t *start, size_t len,
                       int is_accessible) {
  size_t mask = mir_os_page_size () - 1, offset = (size_t) (start - pages->rx);
  size_t first = offset & ~mask, bound = (offset + len + mask) & ~mask;
  int prot = is_accessible ? PROT_READ | PROT_WRITE : PROT_NONE;
  pages->system_calls++;
  if (mprotect (pages->rw + first, bound - first, prot) == 0) return 0;
  if (errno != ENOMEM || bound - first == pages->len) return -1;
  pages->system_calls++;
  return mprotect (pages->rw, pages->len, prot);
}
