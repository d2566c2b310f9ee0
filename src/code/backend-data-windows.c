/* Windows' back end for the writable data of objects: one view of a section, since only views can take a
   place in a reserved range and leave it in one step.  */
#include "code/backend.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "os/os.h"
#include "os/views-windows.h"

/* `map`.  On failure RESERVED tells whether the place AT is still ours.  */
static MIR_code_status_t data_map (struct mir_pages *pages, size_t len, uint8_t *at) {
  DWORD high = (DWORD) ((uint64_t) len >> 32), low = (DWORD) len;
  mir_pages_init (pages, len, at);
  pages->system_calls = 3;
  HANDLE section =
      CreateFileMappingW (INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_COMMIT, high, low, NULL);
  if (section == NULL) return MIR_CODE_MAP_REFUSED;
  pages->rx = (uint8_t *) mir_os_map_view (section, len, at, PAGE_READWRITE);
  int error = mir_os_error ();
  CloseHandle (section); /* the view keeps it */
  if (pages->rx == NULL && at != NULL) pages->reserved = mir_os_is_reserved (at, len);
  mir_os_set_error (error);
  return pages->rx != NULL ? MIR_CODE_OK : MIR_CODE_MAP_REFUSED;
}

static int data_unmap (struct mir_pages *pages) {
  pages->system_calls++;
  if (mir_os_unmap_view (pages->rx, pages->len, pages->reserved) != 0) return -1;
  if (pages->reserved) pages->reserved = mir_os_is_reserved (pages->rx, pages->len);
  return 0;
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

const struct mir_backend mir_backend_data = {
    .name = "data",
    .levels = 1 << MIR_CODE_OPEN_ALIAS,
    .unit = 1,
    .whole_words = 1,
    .always_open = 1,
    .reservable = 1,
    .plain = 1,
    .map = data_map,
    .unmap = data_unmap,
    .open = data_open,
    .close = data_close,
};
