#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "reserve.h"

#include <sys/mman.h>

#include "os.h"

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0 /* without it HINT is only a hint, which the caller expects, too */
#endif

void *mir_os_reserve_at (void *hint, size_t len) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void *start =
      mmap (hint, len, PROT_NONE, flags | (hint == NULL ? 0 : MAP_FIXED_NOREPLACE), -1, 0);
  return start == MAP_FAILED ? NULL : start;
}

/* A range in which something was sealed by mseal(2) stays.  */
void mir_os_unreserve (void *start, size_t len) {
  (void) munmap (start, len);
}

int mir_os_commit_data (void *start, size_t len) {
  return mprotect (start, len, PROT_READ | PROT_WRITE);
}
