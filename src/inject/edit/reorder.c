/* Plans changes that need no space: the import table is overwritten in place.  */
#include "inject/edit/reorder.h"

#include <stdlib.h>
#include <string.h>

#include "inject/edit/apart.h"
#include "inject/edit/block.h"
#include "inject/edit/plan.h"
#include "inject/pe/imports.h"
#include "inject/pe/layout.h"

/* Plan to clear directory INDEX if the image has it, and then set NOTE.  0, or -1.  */
static int clear_directory (struct edit *edit, const struct pe *pe, unsigned index, unsigned note) {
  static const uint8_t zeros[PE_DIRECTORY];
  size_t at = pe_directory_offset (pe, index);
  if (at == 0 || memcmp (pe->bytes + at, zeros, sizeof (zeros)) == 0) return 0;
  edit->notes |= note;
  return edit_put (edit, at, zeros, sizeof (zeros));
}

/* Add the old file without its certificate.  A certificate that is not the last thing in the file
   stays: without it, what follows would move.  */
static int add_old (struct edit *edit, const struct pe *pe) {
  size_t offset, size;
  if (pe_certificate (pe, &offset, &size) != 0 || size == 0 || offset < pe_sections_end (pe)
      || offset + size != pe->size)
    offset = pe->size;
  return edit_add (edit, pe->bytes, offset, 0);
}

int edit_rewrite_table (struct edit *edit, const struct pe *pe, const uint16_t *from, int num,
                        int old_num, struct pe_error *error) {
  size_t at, size = (size_t) old_num * PE_DESCRIPTOR;
  struct pe_directory table = pe_directory (pe, PE_IMPORT);
  size_t headers = pe_section_header (pe, pe->sections_num);
  uint8_t *bytes = calloc (1, size + 1);
  int status = bytes != NULL ? 0 : -1;
  if (pe_offset (pe, table.rva, size, &at) != 0 || at < headers) {
    free (bytes);
    return pe_fail (error, "damaged import table (it is split, or lies in the headers)");
  }
  size_t headers_end = pe_headers_end (pe);
  if (headers_end > pe->headers_size) headers_end = pe->headers_size;
  const struct edit_range ranges[] = {{0, headers_end}, {at, at + size}};
  if (status == 0) status = edit_check_apart (pe, ranges, 2, error);
  for (int i = 0; i < num && status == 0; i++)
    status = edit_copy_descriptor (pe, from[i], bytes + (size_t) i * PE_DESCRIPTOR, error);
  status = status != 0 || add_old (edit, pe) != 0 || edit_put (edit, at, bytes, size) != 0
           || clear_directory (edit, pe, PE_BOUND_IMPORT, EDIT_BOUND_CLEARED) != 0
           || clear_directory (edit, pe, PE_CERTIFICATE, EDIT_CERTIFICATE_DROPPED) != 0;
  if (status == 0 && num != old_num) {
    uint8_t length[4];
    pe_put32 (length, (uint32_t) (num + 1) * PE_DESCRIPTOR);
    status = edit_put (edit, pe_directory_offset (pe, PE_IMPORT) + PE_DIRECTORY_SIZE, length, 4);
  }
  status = status != 0 || edit_put_checksum (edit, pe->optional + PE_OPTIONAL_CHECKSUM) != 0;
  free (bytes);
  if (status != 0) pe_fail (error, "out of memory");
  edit->changed = 1;
  return status == 0 ? 0 : -1;
}

int edit_reorder (struct edit *edit, const struct pe *pe, const struct edit_request *request,
                  struct pe_error *error) {
  uint16_t from[PE_IMPORTS_MAX];
  int total = edit_order (pe, request, from, error), moved = 0;
  if (total < 0) return -1;
  for (int i = 0; i < total; i++) moved |= from[i] != i;
  if (moved) return edit_rewrite_table (edit, pe, from, total, total, error);
  if (edit_add (edit, pe->bytes, pe->size, 0) == 0) return 0;
  return pe_fail (error, "out of memory");
}
