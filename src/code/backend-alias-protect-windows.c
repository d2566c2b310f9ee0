/* VirtualProtect of the RW view of a dual mapping.  */
#include "code/backend-alias-protect.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

/* VirtualProtect changes each page of which any byte is in the range (Microsoft Learn).  */
int mir_alias_protect (struct mir_pages *pages, const uint8_t *start, size_t len,
                       int is_accessible) {
  DWORD old, access = is_accessible ? PAGE_READWRITE : PAGE_NOACCESS;
  pages->system_calls++;
  return VirtualProtect (pages->rw + (start - pages->rx), len, access, &old) ? 0 : -1;
}
