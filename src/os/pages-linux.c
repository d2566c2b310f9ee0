/* Linux: memory of private pages, given and taken back (madvise(2)).  */
#define _GNU_SOURCE /* madvise, mincore, mremap, syscall */
#include "os/pages.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os/kernel-linux.h"
#include "os/os.h"

#ifndef SYS_futex
#define SYS_futex SYS_futex_time64 /* 32-bit CPUs that came after 2038 was noticed */
#endif
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

/*---------------- Moving -----------------------------*/

/* Whether [START, START + LEN) is part of one mapping.  To grow it by a page is EFAULT if it is not, and
   is refused later if something follows.  */
static int is_in_one_mapping (char *start, size_t len) {
  size_t larger = len + mir_os_page_size ();
  void *grown = mremap (start, len, larger, 0);
  if (grown == MAP_FAILED) return mir_os_error () != EFAULT;
  (void) mremap (start, larger, len, 0); /* nothing followed */
  return 1;
}

/* The bytes from START on, at most LEN, that are part of one mapping.  */
static size_t len_in_one_mapping (char *start, size_t len) {
  size_t page = mir_os_page_size (), one = 1, more = len / page; /* in pages */
  if (is_in_one_mapping (start, len)) return len;
  while (more - one > 1) {
    size_t middle = one + (more - one) / 2;
    if (is_in_one_mapping (start, middle * page))
      one = middle;
    else
      more = middle;
  }
  return one * page;
}

/* Whether the word at ADDR is VALUE: a wait until it is not, for no time.  EFAULT where nothing can be
   read (futex(2)).  */
static int holds_word (const void *addr, uint32_t value) {
  static const uint64_t no_time[2];
  for (;;)
    if (syscall (SYS_futex, addr, MIR_FUTEX_WAIT, value, no_time, NULL, 0) != 0
        && mir_os_error () != EINTR)
      return mir_os_error () == ETIMEDOUT;
}

/* As mir_os_move, of a part of one mapping.  mremap(2) unmaps TO before it knows that it can move, and
   then another thread may map something there: what stands in TO tells.  */
static int move_mapped (char *from, char *to, size_t len) {
  const uint32_t mark = 0x6d6f7665 ^ (uint32_t) (uintptr_t) from;
  if (madvise (from, mir_os_page_size (), MADV_COLD) != 0) return -1; /* locked, or not known */
  memcpy (to, &mark, sizeof (mark));
  if (mremap (from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to) == to) return 0;
  if (holds_word (to, mark)) return -1;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  return mmap (to, len, PROT_READ | PROT_WRITE, flags, -1, 0) == to ? -1 : -2;
}

/* Mapping by mapping: where one mremap(2) moves several (Linux 6.17), it may fail after the first.  What
   has been moved is copied back then.  */
int mir_os_move (void *from, void *to, size_t len) {
  char *source = (char *) from, *target = (char *) to;
  int error = mir_os_error (), res = 0;
  size_t done = 0;
  while (res == 0 && done < len) {
    size_t part = len_in_one_mapping (source + done, len - done);
    res = move_mapped (source + done, target + done, part);
    if (res == 0) done += part;
  }
  if (res != 0) memcpy (source, target, done);
  mir_os_set_error (error);
  return res;
}

/*---------------- Costs and limits -----------------------------*/

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
