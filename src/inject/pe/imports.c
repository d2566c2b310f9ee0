/* Reads the import tables and the export table of an image.  */
#include "inject/pe/imports.h"

#include <string.h>

/* Of one DLL; more are damage.  */
enum { FUNCTIONS_MAX = 1 << 17, EXPORTS_MAX = 1 << 16 };

int pe_name_is (const char *a, const char *b) {
  for (;; a++, b++) {
    char x = *a >= 'A' && *a <= 'Z' ? (char) (*a + 32) : *a;
    char y = *b >= 'A' && *b <= 'Z' ? (char) (*b + 32) : *b;
    if (x != y) return 0;
    if (x == 0) return 1;
  }
}

/* Windows ignores the size of the directory, and linkers disagree about it.  The table ends at the
   first descriptor without a name or without an address table.  */
int pe_descriptor (const struct pe *pe, unsigned index, struct pe_descriptor *d) {
  uint8_t p[PE_DESCRIPTOR];
  struct pe_directory table = pe_directory (pe, PE_IMPORT);
  if (table.rva == 0) return 0;
  if (index > PE_IMPORTS_MAX
      || pe_read (pe, table.rva + (uint64_t) index * PE_DESCRIPTOR, p, sizeof (p)) != 0)
    return -1;
  *d = (struct pe_descriptor) {.lookup = pe_u32 (p + PE_DESCRIPTOR_LOOKUP),
                               .time_stamp = pe_u32 (p + PE_DESCRIPTOR_TIME_STAMP),
                               .forwarder = pe_u32 (p + PE_DESCRIPTOR_FORWARDER),
                               .name = pe_u32 (p + PE_DESCRIPTOR_NAME),
                               .address = pe_u32 (p + PE_DESCRIPTOR_ADDRESS)};
  return d->name != 0 && d->address != 0;
}

int pe_import (const struct pe *pe, unsigned index, struct pe_descriptor *d,
               char name[PE_NAME_MAX]) {
  int found = pe_descriptor (pe, index, d);
  return found == 1 && pe_string (pe, d->name, name, PE_NAME_MAX) != 0 ? -1 : found;
}

int pe_imports_num (const struct pe *pe) {
  struct pe_descriptor d;
  int found, n = 0;
  while ((found = pe_descriptor (pe, (unsigned) n, &d)) == 1) n++;
  return found == 0 ? n : -1;
}

/* The linkers of Watcom and Borland leave LOOKUP at 0 or at nonsense.  The loader then uses
   ADDRESS, whose thunks are the same until the loader replaces them.  */
uint32_t pe_lookup_table (const struct pe *pe, const struct pe_descriptor *d) {
  int is_table = d->lookup >= pe->headers_size && d->lookup < pe->image_size;
  return is_table ? d->lookup : d->address;
}

/* Read thunk INDEX of the table at RVA.  1, 0 at the end of the table, -1 if it is damaged.  */
static int read_thunk (const struct pe *pe, uint32_t rva, unsigned index, uint64_t *thunk) {
  uint8_t bytes[8] = {0};
  size_t length = pe_thunk_size (pe);
  if (pe_read (pe, rva + (uint64_t) index * length, bytes, length) != 0) return -1;
  *thunk = pe_u64 (bytes);
  return *thunk != 0;
}

int pe_function (const struct pe *pe, uint32_t rva, unsigned index, struct pe_function *function) {
  uint64_t thunk;
  int found = index < FUNCTIONS_MAX ? read_thunk (pe, rva, index, &thunk) : -1;
  if (found != 1) return found;
  function->by_ordinal = (int) (thunk >> (pe->plus ? 63 : 31));
  function->name[0] = 0;
  if (function->by_ordinal) {
    function->ordinal = (uint16_t) thunk;
    return 1;
  }
  uint8_t hint[PE_HINT];
  if (thunk > UINT32_MAX || pe_read (pe, thunk, hint, sizeof (hint)) != 0) return -1;
  function->ordinal = pe_u16 (hint);
  return pe_string (pe, thunk + PE_HINT, function->name, sizeof (function->name)) == 0 ? 1 : -1;
}

long pe_functions_num (const struct pe *pe, uint32_t rva) {
  uint64_t thunk;
  unsigned n = 0;
  int found = 1;
  while (n < FUNCTIONS_MAX && (found = read_thunk (pe, rva, n, &thunk)) == 1) n++;
  return found == 0 ? (long) n : -1;
}

int pe_find_import (const struct pe *pe, const char *name) {
  char found[PE_NAME_MAX];
  struct pe_descriptor d;
  for (unsigned i = 0; pe_descriptor (pe, i, &d) == 1; i++)
    if (pe_string (pe, d.name, found, sizeof (found)) == 0 && pe_name_is (found, name))
      return (int) i;
  return -1;
}

/* Visual C++ 6 wrote addresses instead of RVAs.  */
int pe_delay_descriptor (const struct pe *pe, unsigned index, struct pe_descriptor *d) {
  uint8_t p[PE_DELAY_DESCRIPTOR];
  struct pe_directory table = pe_directory (pe, PE_DELAY_IMPORT);
  if (table.rva == 0) return 0;
  if (index > PE_IMPORTS_MAX
      || pe_read (pe, table.rva + (uint64_t) index * PE_DELAY_DESCRIPTOR, p, sizeof (p)) != 0)
    return -1;
  if (pe_u32 (p + PE_DELAY_NAME) == 0) return 0;
  int has_rvas = (pe_u32 (p + PE_DELAY_FLAGS) & PE_DELAY_RVAS) != 0;
  uint32_t base = has_rvas ? 0 : (uint32_t) pe->image_base;
  *d = (struct pe_descriptor) {.name = pe_u32 (p + PE_DELAY_NAME) - base,
                               .address = pe_u32 (p + PE_DELAY_ADDRESS) - base,
                               .lookup = pe_u32 (p + PE_DELAY_LOOKUP) - base,
                               .time_stamp = pe_u32 (p + PE_DELAY_TIME_STAMP)};
  return 1;
}

/* The export table: two counts, then RVAs.  */
struct exports {
  uint32_t functions_num, names_num, functions, names, ordinals;
};

static int read_exports (const struct pe *pe, struct exports *e) {
  uint8_t p[PE_EXPORT_TABLE];
  struct pe_directory table = pe_directory (pe, PE_EXPORT);
  if (table.rva == 0 || pe_read (pe, table.rva, p, sizeof (p)) != 0) return -1;
  *e = (struct exports) {.functions_num = pe_u32 (p + PE_EXPORT_FUNCTIONS_NUM),
                         .names_num = pe_u32 (p + PE_EXPORT_NAMES_NUM),
                         .functions = pe_u32 (p + PE_EXPORT_FUNCTIONS),
                         .names = pe_u32 (p + PE_EXPORT_NAMES),
                         .ordinals = pe_u32 (p + PE_EXPORT_ORDINALS)};
  return e->names_num <= EXPORTS_MAX ? 0 : -1;
}

int pe_find_export (const struct pe *pe, const char *name, uint32_t *rva) {
  char found[PE_NAME_MAX];
  struct exports e;
  uint32_t at;
  uint8_t ordinal[2];
  if (read_exports (pe, &e) != 0) return -1;
  for (uint32_t i = 0; i < e.names_num; i++) {
    if (pe_read32 (pe, (uint64_t) e.names + 4 * (uint64_t) i, &at) != 0 || at == 0) return -1;
    if (pe_string (pe, at, found, sizeof (found)) != 0 || strcmp (found, name) != 0) continue;
    if (pe_read (pe, (uint64_t) e.ordinals + 2 * (uint64_t) i, ordinal, 2) != 0) return -1;
    if (pe_u16 (ordinal) >= e.functions_num) return -1;
    return pe_read32 (pe, (uint64_t) e.functions + 4 * (uint64_t) pe_u16 (ordinal), rva);
  }
  return -1;
}

int pe_export_name (const struct pe *pe, char *name, size_t size) {
  struct pe_directory table = pe_directory (pe, PE_EXPORT);
  uint32_t at;
  if (table.rva == 0 || pe_read32 (pe, (uint64_t) table.rva + PE_EXPORT_NAME, &at) != 0 || at == 0)
    return -1;
  return pe_string (pe, at, name, size);
}

int pe_first_export (const struct pe *pe, char *name, size_t size) {
  struct exports e;
  uint32_t at;
  if (read_exports (pe, &e) != 0 || e.names_num == 0 || pe_read32 (pe, e.names, &at) != 0)
    return -1;
  return pe_string (pe, at, name, size);
}
