/* Pages of probe-code-alloc.c by VirtualAlloc.  */
#include "support/probe-pages.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

size_t probe_page_size (void) {
  SYSTEM_INFO info;
  GetSystemInfo (&info);
  return info.dwPageSize;
}

void *probe_pages_map (size_t len) {
  return VirtualAlloc (NULL, len, MEM_RESERVE | MEM_COMMIT, PAGE_NOACCESS);
}

void probe_pages_unmap (void *start, size_t len) {
  (void) len;
  VirtualFree (start, 0, MEM_RELEASE);
}

void *probe_pages_reserve (size_t len) {
  return VirtualAlloc (NULL, len, MEM_RESERVE, PAGE_NOACCESS);
}

void probe_pages_unreserve (void *start, size_t len) {
  (void) len;
  VirtualFree (start, 0, MEM_RELEASE);
}

void *probe_pages_map_in (void *start, size_t len) {
  return VirtualAlloc (start, len, MEM_COMMIT, PAGE_NOACCESS);
}

void probe_pages_unmap_in (void *start, size_t len) {
  VirtualFree (start, len, MEM_DECOMMIT);
}

int probe_pages_protect (void *start, size_t len, int open) {
  DWORD old;
  return VirtualProtect (start, len, open ? PAGE_EXECUTE_READWRITE : PAGE_EXECUTE_READ, &old) ? 0
                                                                                              : -1;
}

void *probe_pages_data (size_t len) {
  void *start = VirtualAlloc (NULL, len + probe_page_size (), MEM_RESERVE, PAGE_NOACCESS);
  return start == NULL ? NULL : VirtualAlloc (start, len, MEM_COMMIT, PAGE_READWRITE);
}
