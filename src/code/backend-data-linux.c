/* Linux's back end for the writable data of objects: private memory at its place in a range.  */
#include "code/backend-common-linux.h"
#include "code/backend-direct.h"

#include <sys/mman.h>

static MIR_code_status_t data_map (struct mir_pages *pages, size_t len, uint8_t *at) {
  mir_pages_init (pages, len, at);
  return mir_linux_map_rx (pages, at, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1) == 0
             ? MIR_CODE_OK
             : MIR_CODE_MAP_REFUSED;
}

/* Private writable memory is charged when it is mapped, so no page of it needs `populate`.  */
const struct mir_backend mir_backend_data = {
    .name = "data",
    MIR_DIRECT_MEMBERS,
    .map = data_map,
    .unmap = mir_linux_unmap_rx,
    .discard = mir_linux_discard_private,
};
