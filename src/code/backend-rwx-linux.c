/* The back end rwx: memory which is writable and executable at one address, without W^X, for
   embedders that ask for it by name.  */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "code/backend-common-linux.h"
#include "code/backend-direct.h"

#include <sys/mman.h>

#include "code/backend-exec-linux.h"
#include "os/os.h"

static MIR_code_status_t rwx_map (struct mir_pages *pages, size_t len, uint8_t *at) {
  mir_pages_init (pages, len, at);
  return mir_linux_map_rx (pages, at, PROT_WRITE | mir_linux_rx_prot (pages),
                           MAP_PRIVATE | MAP_ANONYMOUS, -1)
                 == 0
             ? MIR_CODE_OK
             : MIR_CODE_MAP_REFUSED;
}

/* Private writable memory is charged when it is mapped (Documentation/mm/overcommit-accounting), so
   the advice only saves page faults.  */
static MIR_code_status_t rwx_populate (struct mir_pages *pages, uint8_t *start, size_t len) {
  pages->system_calls++;
  (void) madvise (start, len, MADV_POPULATE_WRITE);
  return MIR_CODE_OK;
}

static int rwx_collapse (struct mir_pages *pages) {
  return mir_linux_populate (pages, pages->rx, mir_os_page_size ()) == 0
             ? mir_linux_collapse (pages)
             : -1;
}

const struct mir_backend mir_backend_rwx = {
    .name = "rwx",
    .bit = MIR_CODE_RWX,
    MIR_DIRECT_MEMBERS,
    .is_writable = 1,
    .map = rwx_map,
    .unmap = mir_linux_unmap_rx,
    .populate = rwx_populate,
    .discard = mir_linux_discard_private,
    .collapse = rwx_collapse,
    .move = mir_linux_move,
};
