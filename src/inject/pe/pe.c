/* Opens an image: headers, sections, and reading bytes by their RVA.  */
#include "inject/pe/pe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SECTOR 512u /* bytes */
#define PAGE 4096u  /* bytes */

int pe_fail (struct pe_error *error, const char *format, ...) {
  va_list args;
  if (error == NULL || error->text[0] != 0) return -1;
  va_start (args, format);
  vsnprintf (error->text, sizeof (error->text), format, args);
  va_end (args);
  return -1;
}

const char *pe_machine_name (enum pe_machine machine) {
  static const char *const names[] = {
      [PE_OTHER] = "unknown", [PE_X86] = "x86",         [PE_X64] = "x64",
      [PE_ARM64] = "arm64",   [PE_ARM64EC] = "arm64ec", [PE_ARM64X] = "arm64x"};
  return names[machine];
}

/* Whether the N bytes at OFFSET lie inside the image.  */
static int has (const struct pe *pe, uint64_t offset, uint64_t n) {
  return offset <= pe->size && n <= pe->size - offset;
}

/* For compatibility an arm64ec image says x64 in its header and an arm64x image says arm64.  The
   field CHPEMetadataPointer of the load configuration tells them apart: only hybrid code has
   it.  */
static enum pe_machine machine_of (const struct pe *pe) {
  uint32_t field = pe->plus ? PE_CONFIG_HYBRID_PLUS : PE_CONFIG_HYBRID;
  uint32_t length = pe->plus ? 8 : 4, size;
  uint8_t pointer[8] = {0};
  struct pe_directory config = pe_directory (pe, PE_LOAD_CONFIG);
  int hybrid = config.rva != 0 && pe_read32 (pe, config.rva, &size) == 0 && size >= field + length
               && pe_read (pe, (uint64_t) config.rva + field, pointer, length) == 0
               && pe_u64 (pointer) != 0;
  switch (pe->machine_number) {
    case PE_NUMBER_X86:
      return PE_X86;
    case PE_NUMBER_X64:
      return hybrid ? PE_ARM64EC : PE_X64;
    case PE_NUMBER_ARM64:
      return hybrid ? PE_ARM64X : PE_ARM64;
    case PE_NUMBER_ARM64EC:
      return PE_ARM64EC;
    case PE_NUMBER_ARM64X:
      return PE_ARM64X;
    default:
      return PE_OTHER;
  }
}

/* Read the optional header, LENGTH bytes that are in the file.  0, or -1 with the reason in
   ERROR.  */
static int open_optional (struct pe *pe, size_t length, struct pe_error *error) {
  const uint8_t *p = pe->bytes + pe->optional;
  uint16_t magic = length >= 2 ? pe_u16 (p + PE_OPTIONAL_MAGIC) : 0;
  if (magic != PE_MAGIC && magic != PE_MAGIC_PLUS)
    return pe_fail (error, "not a valid PE file (invalid magic number of the optional header)");
  pe->plus = magic == PE_MAGIC_PLUS;
  size_t fixed = pe->plus ? PE_OPTIONAL_DIRECTORIES_PLUS : PE_OPTIONAL_DIRECTORIES;
  if (length < fixed)
    return pe_fail (error, "not a valid PE file (the optional header is too short)");
  pe->entry = pe_u32 (p + PE_OPTIONAL_ENTRY);
  pe->image_base = pe->plus ? pe_u64 (p + PE_OPTIONAL_BASE_PLUS) : pe_u32 (p + PE_OPTIONAL_BASE);
  pe->section_alignment = pe_u32 (p + PE_OPTIONAL_SECTION_ALIGNMENT);
  pe->file_alignment = pe_u32 (p + PE_OPTIONAL_FILE_ALIGNMENT);
  pe->image_size = pe_u32 (p + PE_OPTIONAL_IMAGE_SIZE);
  pe->headers_size = pe_u32 (p + PE_OPTIONAL_HEADERS_SIZE);
  pe->checksum = pe_u32 (p + PE_OPTIONAL_CHECKSUM);
  pe->subsystem = pe_u16 (p + PE_OPTIONAL_SUBSYSTEM);
  pe->dll_flags = pe_u16 (p + PE_OPTIONAL_DLL_FLAGS);
  pe->directories = pe->optional + fixed;
  uint32_t directories =
      pe_u32 (p + (pe->plus ? PE_OPTIONAL_DIRECTORIES_NUM_PLUS : PE_OPTIONAL_DIRECTORIES_NUM));
  size_t room = (length - fixed) / PE_DIRECTORY;
  pe->directories_num = directories < room ? directories : (unsigned) room;
  if (pe->directories_num > PE_DIRECTORIES_MAX) pe->directories_num = PE_DIRECTORIES_MAX;
  return 0;
}

int pe_open (struct pe *pe, const void *bytes, size_t size, enum pe_layout layout,
             struct pe_error *error) {
  *pe = (struct pe) {.bytes = bytes, .size = size, .layout = layout};
  *error = (struct pe_error) {0};
  if (!has (pe, 0, PE_DOS_HEADER) || pe_u16 (pe->bytes) != PE_DOS_MAGIC)
    return pe_fail (error, "not a valid PE file (invalid DOS magic number)");
  pe->nt = pe_u32 (pe->bytes + PE_DOS_NT);
  if (!has (pe, pe->nt, PE_NT_OPTIONAL))
    return pe_fail (error, "not a valid PE file (the file ends before the headers)");
  const uint8_t *p = pe->bytes + pe->nt;
  if (pe_u32 (p) != PE_SIGNATURE)
    return pe_fail (error, "not a valid PE file (invalid PE signature)");
  pe->machine_number = pe_u16 (p + PE_NT_MACHINE);
  pe->sections_num = pe_u16 (p + PE_NT_SECTIONS_NUM);
  pe->symbols = pe_u32 (p + PE_NT_SYMBOLS);
  pe->symbols_num = pe_u32 (p + PE_NT_SYMBOLS_NUM);
  pe->flags = pe_u16 (p + PE_NT_FLAGS);
  pe->optional = pe->nt + PE_NT_OPTIONAL;
  size_t length = pe_u16 (p + PE_NT_OPTIONAL_SIZE);
  if (!has (pe, pe->optional, length))
    return pe_fail (error, "not a valid PE file (the file ends before the optional header does)");
  if (open_optional (pe, length, error) != 0) return -1;
  pe->sections = pe->optional + length;
  if (!has (pe, pe->sections, (uint64_t) pe->sections_num * PE_SECTION_HEADER))
    return pe_fail (error, "not a valid PE file (the file ends before the section table does)");
  pe->machine = machine_of (pe);
  return 0;
}

struct pe_section pe_section (const struct pe *pe, unsigned index) {
  const uint8_t *p = pe->bytes + pe_section_header (pe, index);
  struct pe_section section = {.virtual_size = pe_u32 (p + PE_SECTION_VIRTUAL_SIZE),
                               .rva = pe_u32 (p + PE_SECTION_RVA),
                               .raw_size = pe_u32 (p + PE_SECTION_RAW_SIZE),
                               .raw = pe_u32 (p + PE_SECTION_RAW),
                               .flags = pe_u32 (p + PE_SECTION_FLAGS)};
  memcpy (section.name, p + PE_SECTION_NAME, PE_SECTION_NAME_MAX);
  return section;
}

/* The loader maps whole sectors, but an image whose sections are smaller than a page as a
   whole.  */
uint32_t pe_raw_begin (const struct pe *pe, const struct pe_section *section) {
  return pe->section_alignment >= PAGE ? section->raw & ~(SECTOR - 1) : section->raw;
}

uint64_t pe_section_extent (const struct pe *pe, const struct pe_section *section) {
  uint64_t size = section->virtual_size != 0 ? section->virtual_size : section->raw_size;
  uint32_t alignment = pe->section_alignment;
  return (alignment & (alignment - 1)) == 0 ? pe_round_up (size, alignment) : size;
}

int pe_section_named (const struct pe *pe, const char *name, struct pe_section *section) {
  for (unsigned i = 0; i < pe->sections_num; i++) {
    *section = pe_section (pe, i);
    if (strcmp (section->name, name) == 0) return 0;
  }
  return -1;
}

int pe_section_of (const struct pe *pe, uint32_t rva, struct pe_section *section) {
  for (unsigned i = 0; i < pe->sections_num; i++) {
    *section = pe_section (pe, i);
    if (rva >= section->rva && rva - section->rva < pe_section_extent (pe, section)) return 0;
  }
  return -1;
}

struct pe_directory pe_directory (const struct pe *pe, unsigned index) {
  size_t offset = pe_directory_offset (pe, index);
  if (offset == 0) return (struct pe_directory) {0};
  return (struct pe_directory) {.rva = pe_u32 (pe->bytes + offset + PE_DIRECTORY_RVA),
                                .size = pe_u32 (pe->bytes + offset + PE_DIRECTORY_SIZE)};
}

size_t pe_directory_offset (const struct pe *pe, unsigned index) {
  return index < pe->directories_num ? pe->directories + PE_DIRECTORY * (size_t) index : 0;
}

/* Find the contiguous bytes at RVA: reduce *N to their number and set *OFFSET to where they are in
   BYTES, or to SIZE_MAX if they are zeros that the file does not have.  */
static int span_at (const struct pe *pe, uint64_t rva, size_t *n, size_t *offset) {
  if (pe->layout == PE_MAPPED || rva < pe->headers_size) {
    uint64_t end =
        pe->layout == PE_MAPPED || pe->headers_size > pe->size ? pe->size : pe->headers_size;
    if (rva >= end) return -1;
    if (*n > end - rva) *n = (size_t) (end - rva);
    *offset = (size_t) rva;
    return 0;
  }
  struct pe_section section;
  if (rva > UINT32_MAX || pe_section_of (pe, (uint32_t) rva, &section) != 0) return -1;
  uint64_t in = rva - section.rva, extent = pe_section_extent (pe, &section);
  uint64_t raw_size = section.raw_size < extent ? section.raw_size : extent;
  uint64_t raw = pe_raw_begin (pe, &section);
  if (raw == 0) raw_size = 0;
  uint64_t left = in < raw_size ? raw_size - in : extent - in;
  if (*n > left) *n = (size_t) left;
  *offset = SIZE_MAX;
  if (in >= raw_size) return 0;
  if (raw + in >= pe->size) return -1;
  if (*n > pe->size - (raw + in)) *n = (size_t) (pe->size - (raw + in));
  *offset = (size_t) (raw + in);
  return 0;
}

int pe_read (const struct pe *pe, uint64_t rva, void *to, size_t n) {
  uint8_t *bytes = to;
  while (n > 0) {
    size_t part = n, offset;
    if (span_at (pe, rva, &part, &offset) != 0) return -1;
    if (offset == SIZE_MAX)
      memset (bytes, 0, part);
    else
      memcpy (bytes, pe->bytes + offset, part);
    bytes += part;
    rva += part;
    n -= part;
  }
  return 0;
}

int pe_read32 (const struct pe *pe, uint64_t rva, uint32_t *to) {
  uint8_t bytes[4];
  if (pe_read (pe, rva, bytes, 4) != 0) return -1;
  *to = pe_u32 (bytes);
  return 0;
}

int pe_string (const struct pe *pe, uint64_t rva, char *to, size_t size) {
  while (size > 0) {
    size_t part = size, offset;
    if (span_at (pe, rva, &part, &offset) != 0) return -1;
    if (offset == SIZE_MAX) {
      *to = 0;
      return 0;
    }
    const char *from = (const char *) pe->bytes + offset, *end = memchr (from, 0, part);
    size_t n = end != NULL ? (size_t) (end - from) + 1 : part;
    memcpy (to, from, n);
    if (end != NULL) return 0;
    to += n;
    size -= n;
    rva += n;
  }
  return -1;
}

int pe_offset (const struct pe *pe, uint64_t rva, size_t n, size_t *offset) {
  size_t part = n;
  return span_at (pe, rva, &part, offset) == 0 && part == n && *offset != SIZE_MAX ? 0 : -1;
}
