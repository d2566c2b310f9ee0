/* Linux: memory of private pages, given and taken back (madvise(2)).  */
#define _GNU_SOURCE /* madvise, mincore, mremap */
#include "os/pages.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "os/os.h"
#include "os/reserve.h" /* mir_os_is_taken */

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

#ifndef MADV_COLD
#define MADV_COLD 20 /* Linux 5.4 */
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4 /* Linux 5.7 */
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* Linux 4.17 */
#endif

enum { SMALLEST_PAGE = 4096 };

int mir_os_discard (void *start, size_t len) {
  return madvise (start, len, MADV_DONTNEED);
}

int mir_os_populate (void *start, size_t len) {
  int error = mir_os_error ();
  int res = madvise (start, len, MADV_POPULATE_WRITE);
  mir_os_set_error (error);
  return res;
}

void mir_os_want_huge (void *start, size_t len, int huge) {
  int error = mir_os_error ();
  (void) madvise (start, len, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  mir_os_set_error (error);
}

int mir_os_has_memory (void *start, size_t len) {
  unsigned char states[MIR_OS_HUGE_PAGE / SMALLEST_PAGE];
  size_t pages = len / mir_os_page_size ();
  if (pages > sizeof (states) || mincore (start, len, states) != 0) return 0;
  for (size_t i = 0; i < pages; i++)
    if (!(states[i] & 1)) return 0;
  return 1;
}

/* MADV_COLD is refused for locked memory.  mremap(2) unmaps TO before it knows that it can move.  */
int mir_os_move (void *from, void *to, size_t len) {
  int error = mir_os_error (), res = -1;
  size_t page = mir_os_page_size ();
  if (madvise (from, page, MADV_COLD) == 0) {
    void *moved = mremap (from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to);
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    if (moved == to)
      res = 0;
    else if (!mir_os_is_taken (to) && mmap (to, len, PROT_READ | PROT_WRITE, flags, -1, 0) != to)
      res = -2;
  }
  mir_os_set_error (error);
  return res;
}

uint64_t mir_os_cpu_nanoseconds (void) {
  struct timespec used = {0, 0};
  (void) clock_gettime (CLOCK_THREAD_CPUTIME_ID,
                        &used); /* fails only for a clock that does not exist */
  return (uint64_t) used.tv_sec * 1000000000 + (uint64_t) used.tv_nsec;
}

size_t mir_os_address_limit (void) {
  struct rlimit limit;
  if (getrlimit (RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  return limit.rlim_cur > SIZE_MAX ? SIZE_MAX : (size_t) limit.rlim_cur;
}
