#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "os/reserve.h"

#include <sys/mman.h>

#include "os/os.h"

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif
void *mir_os_reserve_at (void *hint, size_t len) {
  /* Not MAP_FIXED_NOREPLACE: ThreadSanitizer makes 0 of addresses that it does not like.  */
  void *start = mmap (hint, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return start == MAP_FAILED ? NULL : start;
}

/* A range in which something was sealed by mseal(2) stays.  */
void mir_os_unreserve (void *start, size_t len) {
  (void) munmap (start, len);
}

int mir_os_commit_data (void *start, size_t len) {
  return mprotect (start, len, PROT_READ | PROT_WRITE);
}
