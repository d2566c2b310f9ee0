/* Windows: whether memory is writable, by VirtualQuery.  */
#include "os/os.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

int mir_os_is_writable (void *start, size_t len) {
  const char *at = (const char *) start, *bound = at + len;
  while (at < bound) {
    MEMORY_BASIC_INFORMATION info;
    if (VirtualQuery (at, &info, sizeof (info)) == 0 || info.State != MEM_COMMIT
        || (info.Protect != PAGE_READWRITE && info.Protect != PAGE_EXECUTE_READWRITE))
      return 0;
    at = (const char *) info.BaseAddress + info.RegionSize;
  }
  return 1;
}
