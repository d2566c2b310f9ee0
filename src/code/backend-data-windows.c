/* Windows' back end for the writable data of objects: one view of a section, since only views can take a
   place in a reserved range and leave it in one step.  */
#include "code/backend-direct.h"

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

const struct mir_backend mir_backend_data = {
    .name = "data",
    MIR_DIRECT_MEMBERS,
    .map = data_map,
    .unmap = data_unmap,
};
