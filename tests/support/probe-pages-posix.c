/* Pages of probe-code-alloc.c by mmap.  */
#include "support/probe-pages.h"

#include <sys/mman.h>
#include <unistd.h>

size_t probe_page_size (void) {
  return (size_t) sysconf (_SC_PAGESIZE);
}

static void *map (void *at, size_t len, int flags) {
  void *start = mmap (at, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  return start == MAP_FAILED ? NULL : start;
}

void *probe_pages_map (size_t len) {
  return map (NULL, len, 0);
}

void probe_pages_unmap (void *start, size_t len) {
  munmap (start, len);
}

void *probe_pages_reserve (size_t len) {
  return map (NULL, len, 0);
}

void probe_pages_unreserve (void *start, size_t len) {
  munmap (start, len);
}

void *probe_pages_map_in (void *start, size_t len) {
  return map (start, len, MAP_FIXED);
}

void probe_pages_unmap_in (void *start, size_t len) {
  (void) map (start, len, MAP_FIXED);
}

int probe_pages_protect (void *start, size_t len, int open) {
  return mprotect (start, len, PROT_READ | PROT_EXEC | (open ? PROT_WRITE : 0));
}

void *probe_pages_data (size_t len) {
  void *start = map (NULL, len + probe_page_size (), MAP_NORESERVE);
  return start != NULL && mprotect (start, len, PROT_READ | PROT_WRITE) == 0 ? start : NULL;
}
