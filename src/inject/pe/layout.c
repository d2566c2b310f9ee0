/* Where the parts of an image lie in its file, and what a loader demands of them.  */
#include "inject/pe/layout.h"

enum { PAGE = 4096 }; /* bytes */

static int is_power_of_2 (uint32_t v) {
  return v != 0 && (v & (v - 1)) == 0;
}

size_t pe_headers_end (const struct pe *pe) {
  uint64_t end = pe->size;
  for (unsigned i = 0; i < pe->sections_num; i++) {
    struct pe_section section = pe_section (pe, i);
    uint32_t begin = pe_raw_begin (pe, &section);
    if (section.raw_size != 0 && begin < end) end = begin;
  }
  size_t table_end = pe_section_header (pe, pe->sections_num);
  return end > table_end ? (size_t) end : table_end;
}

size_t pe_sections_end (const struct pe *pe) {
  uint64_t end = pe->headers_size;
  for (unsigned i = 0; i < pe->sections_num; i++) {
    struct pe_section section = pe_section (pe, i);
    uint64_t section_end = (uint64_t) section.raw + section.raw_size;
    if (section.raw != 0 && section.raw_size != 0 && section_end > end) end = section_end;
  }
  return end < pe->size ? (size_t) end : pe->size;
}

int pe_certificate (const struct pe *pe, size_t *offset, size_t *size) {
  struct pe_directory directory = pe_directory (pe, PE_CERTIFICATE);
  *offset = directory.rva;
  *size = directory.size; /* the only directory that has an offset instead of an RVA */
  if (directory.rva == 0 || directory.size == 0) *offset = *size = 0;
  return *offset <= pe->size && *size <= pe->size - *offset ? 0 : -1;
}

/* The string table follows the symbols; its first four bytes are its size.  */
int pe_symbols (const struct pe *pe, size_t *offset, size_t *size) {
  *offset = pe->symbols;
  *size = 0;
  if (pe->symbols == 0 || pe->symbols_num == 0) return 0;
  uint64_t length = (uint64_t) pe->symbols_num * PE_SYMBOL;
  if (pe->symbols > pe->size || length > pe->size - pe->symbols) return -1;
  size_t strings = pe->symbols + (size_t) length;
  if (pe->size - strings >= 4) {
    uint32_t strings_size = pe_u32 (pe->bytes + strings);
    if (strings_size > pe->size - strings) return -1;
    length += strings_size;
  }
  *size = (size_t) length;
  return 0;
}

/* Check the headers alone.  0, or -1 with the reason in ERROR.  */
static int check_headers (const struct pe *pe, struct pe_error *error) {
  size_t table_end = pe_section_header (pe, pe->sections_num);
  const char *what = NULL;
  if (pe->nt % 4 != 0)
    what = "the PE header is not aligned";
  else if (!is_power_of_2 (pe->section_alignment) || !is_power_of_2 (pe->file_alignment)
           || pe->file_alignment > pe->section_alignment)
    what = "invalid alignments";
  else if (pe->sections_num == 0 || pe->sections_num > PE_SECTIONS_MAX)
    what = "invalid number of sections";
  else if (table_end > pe->headers_size || pe->headers_size > pe->size
           || pe->headers_size > pe->image_size)
    what = "invalid size of the headers";
  else if (pe->image_size > PE_IMAGE_MAX)
    what = "the image is larger than 2 GB";
  else if (pe->entry >= pe->image_size)
    what = "the entry point is outside of the image";
  if (what == NULL) return 0;
  return pe_fail (error, "not a loadable PE file (%s)", what);
}

/* The loader demands that sections follow each other without a hole.  It maps as many bytes of the
   file as the headers say they have, even if the bytes of sections begin among them: UPX writes
   such files.  */
int pe_check_layout (const struct pe *pe, struct pe_error *error) {
  if (check_headers (pe, error) != 0) return -1;
  uint64_t next = pe->headers_size, table_end = pe_section_header (pe, pe->sections_num);
  for (unsigned i = 0; i < pe->sections_num; i++) {
    struct pe_section section = pe_section (pe, i);
    uint64_t extent = pe_section_extent (pe, &section), end = section.rva + extent;
    const char *what = NULL;
    if (section.rva % pe->section_alignment != 0 || extent == 0)
      what = "is not aligned, or is empty";
    else if (i == 0 ? section.rva < next : section.rva != next)
      what = i == 0               ? "begins inside the headers"
             : section.rva < next ? "overlaps another section or is out of order"
                                  : "leaves a hole";
    else if (end > pe_round_up (pe->image_size, pe->section_alignment))
      what = "is outside of the image";
    else if (section.raw_size != 0
             && (section.raw > pe->size || section.raw_size > pe->size - section.raw))
      what = "ends beyond the end of the file";
    else if (section.raw_size != 0 && pe_raw_begin (pe, &section) < table_end
             && pe->section_alignment >= PAGE)
      what = "overlaps the section table";
    if (what != NULL) return pe_fail (error, "not a loadable PE file (section %u %s)", i, what);
    next = end;
  }
  return 0;
}

/* The 16-bit sum with end-around carry that SUM stands for.  */
static uint64_t fold (uint64_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

/* The checksum is the sum of 16-bit words with end-around carry.  So wider words give the same sum
   if their carry is added as 1, and a part of odd length counts as padded with a zero byte.  Two
   sums in parallel do not wait for each other.  The caller passes zeros for the field of the
   checksum itself.  */
void pe_checksum_add (struct pe_checksum *state, const uint8_t *bytes, size_t n) {
  if (n == 0) return;
  const uint8_t *end = bytes + n;
  uint64_t even = 0, odd = 0, carried = 0, rest = 0;
  if (state->size % 2 != 0) rest = (uint64_t) *bytes++ << 8;
  state->size += n;
  for (; end - bytes >= 16; bytes += 16) {
    uint64_t a = pe_u64 (bytes), b = pe_u64 (bytes + 8);
    even += a;
    odd += b;
    carried += (even < a) + (odd < b);
  }
  for (; end - bytes >= 2; bytes += 2) rest += pe_u16 (bytes);
  if (bytes != end) rest += *bytes;
  state->sum = fold (state->sum + fold (even) + fold (odd) + carried + rest);
}

uint32_t pe_checksum_end (const struct pe_checksum *state) {
  return (uint32_t) (state->sum + state->size);
}

uint32_t pe_checksum (const struct pe *pe) {
  struct pe_checksum state = {0, 0};
  size_t field = pe->optional + PE_OPTIONAL_CHECKSUM;
  static const uint8_t zeros[4];
  pe_checksum_add (&state, pe->bytes, field);
  pe_checksum_add (&state, zeros, 4);
  pe_checksum_add (&state, pe->bytes + field + 4, pe->size - field - 4);
  return pe_checksum_end (&state);
}
