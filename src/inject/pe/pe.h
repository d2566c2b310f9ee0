/* A view of a Windows program or DLL, read from bytes that may be anything.

   RVA         address relative to where the image is mapped
   raw         what a section has in the file; the rest of it is zeros
   descriptor  the entry of the import table for one DLL: 20 bytes
   thunk       the entry of a lookup table for one function: 4 or 8 bytes
   tail        what lies in the file behind the last section: symbols, a certificate, appended data

   In this file int functions return 0, or -1 where the image does not have what was asked for or is
   damaged there.  Every offset is checked before a byte is read; nothing is aligned; the CPU's byte
   order does not matter.  A view is read only: any number of threads.  Layout of the format:
   Microsoft's "PE Format" and winnt.h.  */

#ifndef MIR_INJECT_PE_PE_H
#define MIR_INJECT_PE_PE_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include "inject/pe/format.h"

enum { PE_ERROR_MAX = 512 };

struct pe_error {
  char text[PE_ERROR_MAX]; /* one line, no dot at its end */
  int names_file;          /* it says which file it is about */
};

/* What follows "not a valid PE file" and the like.  Keeps the first error.  */
void pe_set_error (struct pe_error *error, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));

enum pe_layout {
  PE_FILE,  /* as on disk */
  PE_MAPPED /* as the loader maps it: the offset is the RVA */
};

enum pe_machine { PE_OTHER, PE_X86, PE_X64, PE_ARM64, PE_ARM64EC, PE_ARM64X };

struct pe_directory {
  uint32_t rva;
  uint32_t size; /* bytes */
};

struct pe_section {
  char name[9]; /* ends with 0 */
  uint32_t rva;
  uint32_t virtual_size; /* bytes mapped; 0: as many as raw_size */
  uint32_t raw;          /* offset in the file */
  uint32_t raw_size;     /* bytes in the file */
  uint32_t flags;
};

/* Offsets are into BYTES; headers, section table and directories lie inside of it.  */
struct pe {
  const uint8_t *bytes; /* the user's; must outlive the view */
  size_t size;
  enum pe_layout layout;
  enum pe_machine machine;
  uint16_t machine_number;
  int plus;        /* PE32+: addresses and thunks have 64 bits */
  size_t nt;       /* offset of "PE\0\0" */
  size_t optional; /* offset of the optional header */
  size_t sections; /* offset of the section table */
  unsigned sections_num;
  size_t directories; /* offset of the data directories */
  unsigned directories_num;
  uint16_t flags; /* of the file header */
  uint16_t dll_flags;
  uint16_t subsystem;
  uint64_t image_base;
  uint32_t entry;
  uint32_t section_alignment;
  uint32_t file_alignment;
  uint32_t image_size;
  uint32_t headers_size;
  uint32_t checksum;
  uint32_t symbols; /* offset of the COFF symbols in the file, 0: none */
  uint32_t symbols_num;
};

static inline uint16_t pe_u16 (const uint8_t *p) {
  return (uint16_t) (p[0] | p[1] << 8);
}
static inline uint32_t pe_u32 (const uint8_t *p) {
  return p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16 | (uint32_t) p[3] << 24;
}
static inline uint64_t pe_u64 (const uint8_t *p) {
  return pe_u32 (p) | (uint64_t) pe_u32 (p + 4) << 32;
}
static inline void pe_put16 (uint8_t *p, uint16_t v) {
  p[0] = (uint8_t) v;
  p[1] = (uint8_t) (v >> 8);
}
static inline void pe_put32 (uint8_t *p, uint32_t v) {
  pe_put16 (p, (uint16_t) v);
  pe_put16 (p + 2, (uint16_t) (v >> 16));
}
static inline void pe_put64 (uint8_t *p, uint64_t v) {
  pe_put32 (p, (uint32_t) v);
  pe_put32 (p + 4, (uint32_t) (v >> 32));
}
/* V rounded up to a multiple of ALIGNMENT, a power of two or 0, which leaves it as it is.  */
static inline uint64_t pe_round_up (uint64_t v, uint64_t alignment) {
  return alignment == 0 ? v : (v + alignment - 1) & ~(alignment - 1);
}

/* Look at SIZE bytes; for PE_MAPPED the headers are enough as far as only they are asked about.  0,
   or -1 with the reason in ERROR: not a PE file, or headers that lead out of it.  What the loader
   thinks of the rest is another question: pe_check_layout.  */
int pe_open (struct pe *pe, const void *bytes, size_t size, enum pe_layout layout,
             struct pe_error *error);
const char *pe_machine_name (enum pe_machine machine);
/* Section INDEX < sections_num.  */
struct pe_section pe_section (const struct pe *pe, unsigned index);
/* The section which RVA is in, 0, or -1: none, or the headers.  */
int pe_section_of (const struct pe *pe, uint32_t rva, struct pe_section *section);
/* Zeros where the image has no such entry.  */
struct pe_directory pe_directory (const struct pe *pe, unsigned index);
/* Bytes of a thunk.  */
static inline uint32_t pe_thunk_size (const struct pe *pe) {
  return pe->plus ? 8 : 4;
}
/* Where entry INDEX of the directories is; 0: the image has no such entry.  */
size_t pe_directory_offset (const struct pe *pe, unsigned index);
/* Where the loader takes the bytes of a section from.  */
uint32_t pe_raw_begin (const struct pe *pe, const struct pe_section *section);
/* Bytes of a section that are mapped: whole multiples of the section alignment.  */
uint64_t pe_section_extent (const struct pe *pe, const struct pe_section *section);
/* Where the header of section INDEX is, or would be if there were one more.  */
static inline size_t pe_section_header (const struct pe *pe, unsigned index) {
  return pe->sections + (size_t) index * PE_SECTION_HEADER;
}
/* Copy N bytes from RVA, with the zeros behind a section's raw bytes.  */
int pe_read (const struct pe *pe, uint64_t rva, void *to, size_t n);
int pe_read32 (const struct pe *pe, uint64_t rva, uint32_t *to);
/* Copy the string at RVA with its 0; -1 too if it does not fit into SIZE.  */
int pe_string (const struct pe *pe, uint64_t rva, char *to, size_t size);
/* Where the N bytes at RVA are, and all of them in the file.  */
int pe_offset (const struct pe *pe, uint64_t rva, size_t n, size_t *offset);

#endif
