/* What Linux's back ends have in common: mapping executable memory, also in a reserved range.  */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "code/backend-common-linux.h"

#include <errno.h>
#include <sys/mman.h>

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

int mir_linux_map_rx (struct mir_pages *pages, uint8_t *at, int prot, int flags, int fd) {
  pages->system_calls++;
  void *rx = mmap (at, pages->len, prot, flags | (at == NULL ? 0 : MAP_FIXED), fd, 0);
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

int mir_linux_unmap (struct mir_pages *pages, void *start, size_t len) {
  int res = -1;
  for (int i = 0; i < TRIES_TO_UNMAP && res != 0; i++) {
    pages->system_calls++;
    res = munmap (start, len);
  }
  return res;
}

int mir_linux_unmap_rx (struct mir_pages *pages) {
  if (!pages->reserved) return mir_linux_unmap (pages, pages->rx, pages->len);
  return reserve_again (pages, pages->rx) == MAP_FAILED ? -1 : 0;
}

MIR_code_status_t mir_linux_map_private (struct mir_pages *pages, size_t len, uint8_t *at) {
  mir_pages_init (pages, len, at);
  return mir_linux_map_rx (pages, at, mir_linux_exec_prot (pages), MAP_PRIVATE | MAP_ANONYMOUS, -1)
                 == 0
             ? MIR_CODE_OK
             : MIR_CODE_MAP_REFUSED;
}

size_t mir_linux_discard_private (struct mir_pages *pages, uint8_t *start, size_t len) {
  pages->system_calls++;
  return madvise (start, len, MADV_DONTNEED) == 0 ? len : 0;
}
