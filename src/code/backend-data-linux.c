/* Linux's back end for the writable data of objects: private memory at its place in a range.  */
#include "code/backend-common-linux.h"

#include <sys/mman.h>

static MIR_code_status_t data_map (struct mir_pages *pages, size_t len, uint8_t *at) {
  mir_pages_init (pages, len, at);
  return mir_linux_map_rx (pages, at, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1) == 0
             ? MIR_CODE_OK
             : MIR_CODE_MAP_REFUSED;
}

/* Data is written by the program itself; the library only ever clears it.  */
static MIR_code_status_t data_open (struct mir_pages *pages, uint8_t *start, size_t len,
                                    uint8_t **writable) {
  (void) pages;
  (void) len;
  *writable = start;
  return MIR_CODE_OK;
}

static MIR_code_status_t data_close (struct mir_pages *pages, uint8_t *start, size_t len,
                                     uint8_t *writable) {
  (void) pages;
  (void) start;
  (void) len;
  (void) writable;
  return MIR_CODE_OK;
}

/* Private writable memory is charged when it is mapped, so no page of it needs `populate`.  */
const struct mir_backend mir_backend_data = {
    .name = "data",
    .levels = 1 << MIR_CODE_OPEN_ALIAS,
    .unit = 1,
    .whole_words = 1,
    .always_open = 1,
    .reservable = 1,
    .plain = 1,
    .map = data_map,
    .unmap = mir_linux_unmap_rx,
    .open = data_open,
    .close = data_close,
    .discard = mir_linux_discard_private,
};
