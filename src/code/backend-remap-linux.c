/* The back end remap: no alias; a changed copy of the pages is made executable and replaces them in
   one step.  The system must let pages become executable.  For qemu-user, which notices replaced
   pages but not stores through an alias.  */
#define _GNU_SOURCE /* mremap */
#include "code/backend-common-linux.h"

#include <errno.h>
#include <string.h> /* memcpy */
#include <sys/mman.h>

#include "code/backend-exec-linux.h"
#include "os/os.h"

/* Give the caller a copy of the span, whole pages, to change.  */
static MIR_code_status_t remap_open (struct mir_pages *pages, uint8_t *start, size_t len,
                                     uint8_t **writable) {
  pages->system_calls++;
  void *copy = mmap (NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (copy == MAP_FAILED) return MIR_CODE_WRITE_REFUSED;
  memcpy (copy, start, len);
  *writable = (uint8_t *) copy;
  return MIR_CODE_OK;
}

/* Make the changed copy executable and move it over the span; on failure free the copy.  */
static MIR_code_status_t remap_close (struct mir_pages *pages, uint8_t *start, size_t len,
                                      uint8_t *writable) {
  mir_os_clean_icache (writable, writable + len);
  pages->system_calls += 2;
  if (mprotect (writable, len, mir_linux_rx_prot (pages)) == 0
      && mremap (writable, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, start) != MAP_FAILED)
    return MIR_CODE_OK;
  int error = errno;
  (void) mir_linux_unmap (pages, writable, len);
  errno = error;
  return MIR_CODE_WRITE_REFUSED;
}

const struct mir_backend mir_backend_remap = {
    .name = "remap",
    .bit = MIR_CODE_REMAP,
    .levels = 1 << MIR_CODE_OPEN_ALIAS | 1 << MIR_CODE_CLOSED_ALIAS | 1 << MIR_CODE_NO_ALIAS,
    .unit = 0,        /* pages */
    .whole_words = 1, /* a page is replaced as a whole */
    .reservable = 1,
    .plain = 1,
    .map = mir_linux_map_private,
    .unmap = mir_linux_unmap_rx,
    .open = remap_open,
    .close = remap_close,
    .discard = mir_linux_discard_private,
    .move = mir_linux_move,
};
