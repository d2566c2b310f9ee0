/* The back end section of Windows: a dual mapping of a section of the paging file.  A section gives
   its memory back only as a whole, so there is no discard; there are no forks.

   A view which was mapped without write access cannot get it later, so code can never become
   writable at the address where it is executed.  ProcessDynamicCodePolicy, which prohibits
   generated code, makes the system refuse the section.  */
#include "code/backend-alias.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "code/backend-alias-protect.h"
#include "os/os.h"
#include "os/views-windows.h"

/* Undo a map that has failed; GetLastError () stays that of the map.  */
static void unmap_after_error (struct mir_pages *pages) {
  int error = mir_os_error ();
  pages->system_calls += 2;
  (void) mir_os_unmap_view (pages->rx, pages->len, pages->reserved);
  if (pages->rw != NULL) (void) mir_os_unmap_view (pages->rw, pages->len, 0);
  mir_os_set_error (error);
}

static DWORD protection_of_rx (const struct mir_pages *pages) {
  return pages->access == MIR_CODE_READ_ONLY ? PAGE_READONLY : PAGE_EXECUTE_READ;
}

/* Map both views of SECTION.  0, or -1 with neither mapped.  */
static int map_views (struct mir_pages *pages, HANDLE section, uint8_t *at) {
  pages->system_calls += 2;
  pages->rx = (uint8_t *) mir_os_map_view (section, pages->len, at, protection_of_rx (pages));
  if (pages->rx == NULL) return -1;
  pages->rw = (uint8_t *) mir_os_map_view (section, pages->len, NULL, PAGE_READWRITE);
  if (pages->rw != NULL
      && (pages->level != MIR_CODE_CLOSED_ALIAS
          || mir_alias_protect (pages, pages->rx, pages->len, 0) == 0))
    return 0;
  unmap_after_error (pages);
  return -1;
}

/* `map`.  On failure RESERVED tells whether the place AT is still ours.  */
static MIR_code_status_t section_map (struct mir_pages *pages, size_t len, uint8_t *at) {
  DWORD high = (DWORD) ((uint64_t) len >> 32), low = (DWORD) len;
  mir_pages_init (pages, len, at);
  pages->system_calls = 2;
  DWORD most = pages->access == MIR_CODE_READ_ONLY ? PAGE_READWRITE : PAGE_EXECUTE_READWRITE;
  HANDLE section =
      CreateFileMappingW (INVALID_HANDLE_VALUE, NULL, most | SEC_COMMIT, high, low, NULL);
  if (section == NULL) return MIR_CODE_MAP_REFUSED;
  int res = map_views (pages, section, at), error = mir_os_error ();
  CloseHandle (section); /* the views keep it */
  if (res != 0 && at != NULL) pages->reserved = mir_os_is_reserved (at, len);
  mir_os_set_error (error);
  return res == 0 ? MIR_CODE_OK : MIR_CODE_MAP_REFUSED;
}

static int section_unmap (struct mir_pages *pages) {
  pages->system_calls += 2;
  if (mir_os_unmap_view (pages->rx, pages->len, pages->reserved) != 0) return -1;
  (void) mir_os_unmap_view (pages->rw, pages->len, 0); /* a failure leaks only data */
  if (pages->reserved) pages->reserved = mir_os_is_reserved (pages->rx, pages->len);
  return 0;
}

const struct mir_backend mir_backend_section = {
    .name = "section",
    .bit = MIR_CODE_SECTION,
    .levels = 1 << MIR_CODE_OPEN_ALIAS | 1 << MIR_CODE_CLOSED_ALIAS,
    MIR_ALIAS_MEMBERS,
    .map = section_map,
    .unmap = section_unmap,
};
