/* What Linux's back ends have in common: mapping executable memory, also in a reserved range.  */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "code/backend-common-linux.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/random.h> /* GRND_NONBLOCK */
#include <sys/syscall.h>
#include <unistd.h>

#include "os/os.h"

#include "code/backend-exec-linux.h"
enum { TRIES_TO_UNMAP = 3 }; /* to give addresses back: a refusal may be transient, a leak is not */

/* Reserve the LEN bytes of PAGES at AT again.  One mapping replaces another in one step: no other
   thread can take the addresses meanwhile, unless the refusal of a try leaves them free.  */
static void *reserve_again (struct mir_pages *pages, uint8_t *at) {
  void *res = MAP_FAILED;
  for (int i = 0; i < TRIES_TO_UNMAP && res == MAP_FAILED; i++) {
    pages->system_calls++;
    res = mmap (at, pages->len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
                -1, 0);
  }
  return res;
}

int mir_linux_unmap (struct mir_pages *pages, void *start, size_t len) {
  int res = -1;
  for (int i = 0; i < TRIES_TO_UNMAP && res != 0; i++) {
    pages->system_calls++;
    res = munmap (start, len);
  }
  return res;
}

/* A multiple of MIR_HUGE_PAGE where PAGES->len bytes are free; NULL if none is found.  Another thread
   may take the addresses before they are mapped.  */
static uint8_t *find_aligned (struct mir_pages *pages) {
  size_t len = pages->len + MIR_HUGE_PAGE;
  pages->system_calls++;
  void *hole = mmap (NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (hole == MAP_FAILED) return NULL;
  (void) mir_linux_unmap (pages, hole, len);
  return (uint8_t *) hole + (0 - (uintptr_t) hole) % MIR_HUGE_PAGE;
}

int mir_linux_rx_prot (const struct mir_pages *pages) {
  return pages->access == MIR_CODE_READ_ONLY ? PROT_READ : mir_linux_exec_prot (pages);
}

int mir_linux_map_rx (struct mir_pages *pages, uint8_t *at, int prot, int flags, int fd) {
  uint8_t *hint = at == NULL && pages->huge ? find_aligned (pages) : at;
  pages->system_calls++;
  void *rx = mmap (hint, pages->len, prot, flags | (at == NULL ? 0 : MAP_FIXED), fd, 0);
  if (rx != MAP_FAILED) {
    pages->rx = (uint8_t *) rx;
    return 0;
  }
  int error = errno;
  /* A refused MAP_FIXED may leave a hole.  */
  if (at != NULL && reserve_again (pages, at) == MAP_FAILED) pages->reserved = 0;
  errno = error;
  return -1;
}

int mir_linux_unmap_rx (struct mir_pages *pages) {
  if (!pages->reserved) return mir_linux_unmap (pages, pages->rx, pages->len);
  return reserve_again (pages, pages->rx) == MAP_FAILED ? -1 : 0;
}

int mir_linux_move (struct mir_pages *pages, uint8_t *to) {
  pages->system_calls++;
  if (mremap (pages->rx, pages->len, pages->len, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED)
    return -1;
  pages->rx = to;
  pages->reserved = 1;
  return 0;
}

MIR_code_status_t mir_linux_map_private (struct mir_pages *pages, size_t len, uint8_t *at) {
  mir_pages_init (pages, len, at);
  return mir_linux_map_rx (pages, at, mir_linux_rx_prot (pages), MAP_PRIVATE | MAP_ANONYMOUS, -1)
                 == 0
             ? MIR_CODE_OK
             : MIR_CODE_MAP_REFUSED;
}

/*---------------- Memory -----------------------------*/

int mir_linux_is_resident (struct mir_pages *pages, uint8_t *addr) {
  unsigned char state = 0;
  pages->system_calls++;
  return mincore (addr, mir_os_page_size (), &state) == 0 ? state & 1 : -1;
}

size_t mir_linux_discard_private (struct mir_pages *pages, uint8_t *start, size_t len) {
  pages->system_calls++;
  if (madvise (start, len, MADV_DONTNEED) != 0) return 0;
  return mir_linux_is_resident (pages, start) == 0 ? len : 0;
}

/* Let the system store a byte in each page: where a store of this program would be a signal, that
   is an error.  The call itself and not getrandom (), which may store without a system call.  0, or
   -1.  */
static int touch_in_system (struct mir_pages *pages, uint8_t *start, size_t len) {
  for (size_t at = 0, page = mir_os_page_size (); at < len; at += page) {
    pages->system_calls++;
    if (syscall (SYS_getrandom, start + at, (size_t) 1, GRND_NONBLOCK) != 1) return -1;
    start[at] = 0;
  }
  return 0;
}

/* Before Linux 5.14 there is no MADV_POPULATE_WRITE, sandboxes refuse it, and emulators ignore it.
   EFAULT: a store would be a signal (madvise(2)).  */
int mir_linux_populate (struct mir_pages *pages, uint8_t *start, size_t len) {
  static atomic_int
      seen; /* what the advice does: 0 unknown, 1 populate, -1 nothing.  Any thread  */
  int works = atomic_load_explicit (&seen, memory_order_relaxed);
  if (works >= 0) {
    pages->system_calls++;
    int refused = madvise (start, len, MADV_POPULATE_WRITE) != 0;
    if (refused && (errno == EFAULT || errno == ENOMEM)) return -1;
    uint8_t *last = start + len - mir_os_page_size ();
    if (!refused && (works > 0 || mir_linux_is_resident (pages, last) == 1)) {
      if (works == 0) atomic_store_explicit (&seen, 1, memory_order_relaxed);
      return 0;
    }
    atomic_store_explicit (&seen, -1, memory_order_relaxed);
  }
  return touch_in_system (pages, start, len);
}

/* MADV_COLLAPSE (madvise(2)) does what it can, which may be nothing, or all but reported as done by an
   emulator: so the last page is looked at.  */
int mir_linux_collapse (struct mir_pages *pages) {
  if ((uintptr_t) pages->rx % MIR_HUGE_PAGE != 0) return -1;
  pages->system_calls++;
  if (madvise (pages->rx, pages->len, MADV_COLLAPSE) != 0) return -1;
  return mir_linux_is_resident (pages, pages->rx + pages->len - mir_os_page_size ()) == 1 ? 0 : -1;
}
