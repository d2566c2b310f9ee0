/* Linux: why the kernel refused a mapping.  ENOMEM has several causes (mmap(2)), so the limits are
   tried, which needs no descriptor and, as a rule, no /proc.  refusal.h has the contracts.  */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "os/refusal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h> /* strtoull */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "os/os.h"

#ifndef PR_GET_MDWE
#define PR_GET_MDWE 66 /* Linux 6.3 */
#endif

/* Map LEN bytes without memory.  Accounting of memory (vm.overcommit_memory) and RLIMIT_DATA are
   only about writable mappings, so they refuse none of these.  */
static void *map_addresses (size_t len, int prot) {
  return mmap (NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* The error of mapping LEN bytes without memory; 0: it works.  */
static int error_of_addresses (size_t len) {
  void *start = map_addresses (len, PROT_NONE);
  if (start == MAP_FAILED) return errno;
  (void) munmap (start, len);
  return 0;
}

/* The number at the start of the file PATH; -1 if it cannot be read.  */
static long long number_in (const char *path) {
  char text[32];
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t got = read (fd, text, sizeof (text) - 1);
  (void) close (fd);
  if (got <= 0) return -1;
  text[got] = '\0';
  return strtoll (text, NULL, 10);
}

/* The pages of this process and those of LEN, compared with RLIMIT_AS as the kernel does (mm/mmap.c,
   may_expand_vm).  Without /proc the limit is blamed if there is one.  */
static int exceeds_address_limit (size_t len) {
  struct rlimit limit;
  size_t page = mir_os_page_size ();
  if (getrlimit (RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 0;
  long long taken = number_in ("/proc/self/statm"); /* pages: proc(5) */
  return taken < 0 || (rlim_t) taken + len / page > limit.rlim_cur / page;
}

/* Whether this process has about as many mappings as it may.  Each is a line of the file.  Without
   /proc nothing is known, and the answer is yes.  */
static int has_most_mappings (long long spare) {
  char text[4096];
  long long most = number_in ("/proc/sys/vm/max_map_count"), lines = 0;
  int fd = most < 0 ? -1 : open ("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 1;
  for (ssize_t got; (got = read (fd, text, sizeof (text))) > 0;)
    for (ssize_t i = 0; i < got; i++) lines += text[i] == '\n';
  (void) close (fd);
  return lines + spare >= most;
}

/* The number of mappings is limited (vm.max_map_count), and a call fails that would leave too few:
   mmap none, mprotect up to two, and mremap wants six free (mm/mremap.c, move_vma, mremap_to).  So
   pages are made to differ from their neighbours until eight more mappings exist.  Readable memory
   without a reserve does not join with other mappings, which are rarely like that.  Only where not
   even these few pages can be mapped are all mappings counted, which takes some 10 ms.  */
static enum mir_refusal try_mappings (void) {
  enum { PAGES = 9 };
  size_t page = mir_os_page_size (), len = PAGES * page;
  enum mir_refusal res = MIR_REFUSED_OTHERWISE;
  char *start = (char *) map_addresses (len, PROT_READ);
  if (start == MAP_FAILED) {
    if (errno == EAGAIN) return MIR_REFUSED_LOCKING;
    if (exceeds_address_limit (len)) return MIR_REFUSED_ADDRESSES;
    return has_most_mappings (PAGES) ? MIR_REFUSED_MAPPINGS : MIR_REFUSED_ADDRESSES;
  }
  for (size_t i = 1; i < PAGES && res == MIR_REFUSED_OTHERWISE; i += 2)
    if (mprotect (start + i * page, page, PROT_NONE) != 0) res = MIR_REFUSED_MAPPINGS;
  (void) munmap (start, len);
  return res;
}

/* Whether SELinux is enforced here, and PR_SET_MDWE, whose refusals are EACCES, too (prctl(2)), is
   not.  The file is the one that libselinux reads (security_getenforce(3)).  */
static int is_selinux (void) {
  char enforced = '0';
  if (prctl (PR_GET_MDWE, 0, 0, 0, 0) > 0) return 0;
  int fd = open ("/sys/fs/selinux/enforce", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t got = read (fd, &enforced, 1);
  (void) close (fd);
  return got == 1 && enforced != '0';
}

/* EAGAIN: "too much memory has been locked" (mmap(2)), after mlockall(MCL_FUTURE).  */
enum mir_refusal mir_os_refusal (size_t len) {
  int error = errno;
  enum mir_refusal res = MIR_REFUSED_OTHERWISE;
  if (error == ENOMEM) res = try_mappings ();
  if (res == MIR_REFUSED_OTHERWISE && (error == ENOMEM || error == EAGAIN)) {
    int again = error_of_addresses (len);
    if (again == EAGAIN) res = MIR_REFUSED_LOCKING;
    if (again == ENOMEM) res = MIR_REFUSED_ADDRESSES;
  }
  if (error == EACCES && is_selinux ()) res = MIR_REFUSED_BY_SELINUX;
  errno = error;
  return res;
}

int mir_os_is_lasting (int error) {
  return error == EPERM || error == EACCES || error == ENOSYS || error == EINVAL
         || error == EOPNOTSUPP || error == ENXIO || error == ENODEV || error == ENOENT;
}
