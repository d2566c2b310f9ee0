/* Room for one more section header.  What is overwritten there goes into the record like every other
   patch, so eject brings it back; this file decides what a program can do without.

   slot  where the new header goes: right behind the section table  */
#include "inject/edit/room.h"

#include <string.h>

#include "inject/pe/layout.h"

/* Whether the bytes from BEGIN to END, excluded, are all 0.  */
static int is_zero (const struct pe *pe, size_t begin, size_t end) {
  for (; begin < end; begin++)
    if (pe->bytes[begin] != 0) return 0;
  return 1;
}

/* Whether there are only zeros and bound imports, which usually follow the section table and are
   cleared anyway.  */
static int is_bound (const struct pe *pe, size_t begin, size_t end) {
  struct pe_directory bound = pe_directory (pe, PE_BOUND_IMPORT);
  uint64_t bound_end = (uint64_t) bound.rva + bound.size;
  if (bound.rva == 0 || bound.rva >= end || bound_end <= begin) return is_zero (pe, begin, end);
  return (bound.rva <= begin || is_zero (pe, begin, bound.rva))
         && (bound_end >= end || is_zero (pe, (size_t) bound_end, end));
}

/* Whether the name at P is one that linkers give: letters, then zeros, or nothing at all.  */
static int is_name (const uint8_t *p) {
  unsigned n = 0;
  while (n < PE_SECTION_NAME_MAX && p[n] > ' ' && p[n] < 0x7f) n++;
  while (n < PE_SECTION_NAME_MAX && p[n] == 0) n++;
  return n == PE_SECTION_NAME_MAX;
}

/* Whether a section header lies there that the table does not count.  Delphi's linker ends the table
   with one without a name, at the end of the image, and tools that remove a section may leave its
   header.  */
static int is_stale_header (const struct pe *pe, size_t begin, size_t end) {
  const uint8_t *p = pe->bytes + begin;
  uint32_t flags;
  if (end - begin != PE_SECTION_HEADER || !is_name (p + PE_SECTION_NAME)) return 0;
  flags = pe_u32 (p + PE_SECTION_FLAGS);
  return pe_u32 (p + PE_SECTION_RVA) % pe->section_alignment == 0
         && pe_u32 (p + PE_SECTION_RVA) != 0 && pe_u32 (p + PE_SECTION_RVA) < PE_IMAGE_MAX
         && pe_u32 (p + PE_SECTION_RAW) % pe->file_alignment == 0
         && pe_u32 (p + PE_SECTION_RAW) <= pe->size
         && is_zero (pe, begin + PE_SECTION_RELOCATIONS, begin + PE_SECTION_FLAGS)
         && (flags & PE_SCN_READ) != 0 && (flags & PE_SCN_CONTENTS) != 0;
}

/* Whether UPX's note lies there: its version, such as "3.94", a 0, "UPX!", and numbers which only
   `upx -d` reads.  Some of it may lie behind END.  */
static int is_packer_note (const struct pe *pe, size_t begin, size_t end) {
  enum { MAGIC = 5, NOTE = 9 };
  const uint8_t *p = pe->bytes + begin;
  if (end <= begin || pe->size - begin < NOTE) return 0;
  return p[0] >= '0' && p[0] <= '9' && p[1] == '.' && p[2] >= '0' && p[2] <= '9' && p[3] >= '0'
         && p[3] <= '9' && p[4] == 0 && memcmp (p + MAGIC, "UPX!", 4) == 0;
}

int edit_make_room (struct plan *plan, const struct pe *pe, uint32_t *headers_size,
                    struct pe_error *error) {
  uint64_t slot = pe_section_header (pe, pe->sections_num), slot_end = slot + PE_SECTION_HEADER;
  plan->headers_end = pe_headers_end (pe);
  if (plan->headers_end > plan->sections_end) plan->headers_end = plan->sections_end;
  *headers_size = pe->headers_size;
  size_t begin = (size_t) slot;
  size_t end = (size_t) (slot_end < plan->headers_end ? slot_end : plan->headers_end);
  if (begin > end
      || !(is_bound (pe, begin, end) || is_stale_header (pe, begin, end)
           || is_packer_note (pe, begin, end)))
    return pe_fail (error, "no room for a section: the bytes behind the section table are in use");
  if (slot_end <= pe->headers_size && slot_end <= plan->headers_end) return 0;
  uint64_t size = pe_round_up (slot_end, pe->file_alignment);
  if (size > pe_section (pe, 0).rva)
    return pe_fail (error, "no room for a section: the headers fill their page");
  if (size > plan->headers_end)
    plan->headers_inserted = (uint32_t) pe_round_up (size - plan->headers_end, pe->file_alignment);
  if (size > pe->headers_size) *headers_size = (uint32_t) size;
  return 0;
}
