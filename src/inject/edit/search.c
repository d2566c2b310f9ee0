/* Reads and widens the load flags.  */
#include "inject/edit/search.h"

enum {
  ALL_FOLDERS = 0x1f00,   /* LOAD_LIBRARY_SEARCH_...; without one of these the search is as usual */
  PROGRAM_FOLDER = 0x200, /* LOAD_LIBRARY_SEARCH_APPLICATION_DIR */
  USUAL_FOLDERS = 0x1000  /* LOAD_LIBRARY_SEARCH_DEFAULT_DIRS: that one, among others */
};

/* Get the load flags and their RVA.  0, or -1 if the image has none.  */
static int get_load_flags (const struct pe *pe, uint16_t *flags, uint64_t *rva) {
  struct pe_directory config = pe_directory (pe, PE_LOAD_CONFIG);
  uint32_t field = pe->plus ? PE_CONFIG_LOAD_FLAGS_PLUS : PE_CONFIG_LOAD_FLAGS, size;
  uint8_t bytes[2];
  *rva = (uint64_t) config.rva + field;
  if (config.rva == 0 || pe_read32 (pe, config.rva, &size) != 0 || size < field + sizeof (bytes)
      || pe_read (pe, *rva, bytes, sizeof (bytes)) != 0)
    return -1;
  *flags = pe_u16 (bytes);
  return 0;
}

int edit_searches_folder (const struct pe *pe) {
  uint16_t flags;
  uint64_t rva;
  return get_load_flags (pe, &flags, &rva) != 0 || (flags & ALL_FOLDERS) == 0
         || (flags & (PROGRAM_FOLDER | USUAL_FOLDERS)) != 0;
}

int edit_widen_search (struct plan *plan, const struct pe *pe) {
  uint16_t flags;
  uint64_t rva;
  uint8_t bytes[2];
  size_t at;
  if (edit_searches_folder (pe)) return 0;
  if (get_load_flags (pe, &flags, &rva) != 0 || pe_offset (pe, rva, sizeof (bytes), &at) != 0
      || at < plan->headers_end)
    return -1;
  pe_put16 (bytes, (uint16_t) (flags | PROGRAM_FOLDER));
  return plan_patch (plan, pe, at, bytes, sizeof (bytes)) == 0 ? 1 : -1;
}
