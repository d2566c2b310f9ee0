/* Walks the import table to see what lies in ranges that will be overwritten.  */
#include "inject/edit/apart.h"

#include <string.h>

#include "inject/pe/imports.h"

/* Whether the N bytes at RVA lie outside of all RANGES, and of the headers as the loader maps them:
   what lies there may move away from its RVA when the headers grow.  Bytes that are not in the file
   count as outside.  */
static int is_apart (const struct pe *pe, uint64_t rva, size_t n, const struct edit_range *ranges,
                     unsigned num) {
  size_t at;
  if (rva < pe->headers_size) return 0;
  if (n > 1 && pe_offset (pe, rva, n, &at) != 0) /* perhaps in two sections: look at each half */
    return is_apart (pe, rva, n / 2, ranges, num)
           && is_apart (pe, rva + n / 2, n - n / 2, ranges, num);
  if (n == 1 && pe_offset (pe, rva, 1, &at) != 0) return 1;
  for (unsigned k = 0; k < num; k++)
    if (at < ranges[k].end && at + n > ranges[k].begin) return 0;
  return 1;
}

/* TOTAL counts the functions of all tables, which may overlap.  */
static int functions_apart (const struct pe *pe, uint32_t table, const struct edit_range *ranges,
                            unsigned num, unsigned *total) {
  struct pe_function function;
  uint8_t thunk[8] = {0};
  size_t length = pe_thunk_size (pe);
  unsigned i = 0;
  for (int found = 1; found == 1; i++) {
    uint64_t at = table + (uint64_t) i * length;
    if ((*total)++ > PE_FUNCTIONS_MAX) return 0;
    if (!is_apart (pe, at, length, ranges, num)) return 0;
    if ((found = pe_function (pe, table, i, &function)) != 1 || function.by_ordinal) continue;
    if (pe_read (pe, at, thunk, length) != 0
        || !is_apart (pe, pe_u64 (thunk), PE_HINT + strlen (function.name) + 1, ranges, num))
      return 0;
  }
  return 1;
}

int edit_check_apart (const struct pe *pe, const struct edit_range *ranges, unsigned num,
                      struct pe_error *error) {
  char name[PE_NAME_MAX];
  unsigned total = 0;
  struct pe_descriptor d;
  for (unsigned i = 0; pe_descriptor (pe, i, &d) == 1; i++) {
    if (pe_string (pe, d.name, name, sizeof (name)) == 0
        && is_apart (pe, d.name, strlen (name) + 1, ranges, num)
        && functions_apart (pe, pe_lookup_table (pe, &d), ranges, num, &total))
      continue;
    return pe_fail (error, "damaged import table (module %u %s)", i,
                    total > PE_FUNCTIONS_MAX
                        ? "has too many functions"
                        : "cannot be read, or overlaps bytes that must be changed");
  }
  return 0;
}
