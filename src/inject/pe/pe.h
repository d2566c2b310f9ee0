/* A read-only view of a Windows program or DLL whose bytes are not trusted.

   image       a program or DLL, as a file or as the loader maps it
   RVA         relative virtual address: an offset from where the image is mapped
   raw         the bytes that a section has in the file; the rest of the section is zeros
   descriptor  the entry of the import table for one DLL
   thunk       IMAGE_THUNK_DATA, the entry of a lookup or address table for one function
   tail        the bytes of the file behind the last section: symbols, certificate, appended data

   In this folder an int function returns 0 on success, and -1 if the image lacks the requested item
   or is damaged there.  Every offset is checked before a byte is read.  Nothing needs to be
   aligned, and the byte order of the CPU does not matter.  Any number of threads may use one
   view.  */

#ifndef MIR_INJECT_PE_PE_H
#define MIR_INJECT_PE_PE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "inject/pe/format.h"

enum { PE_ERROR_MAX = 512 }; /* bytes */

struct pe_error {
  char text[PE_ERROR_MAX]; /* one line, no dot at its end */
  int names_file;          /* TEXT says which file it is about */
};

/* Set the text of ERROR unless it has one, since the first error is the one to report.  Returns
   -1.  */
int pe_fail (struct pe_error *error, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));

enum pe_layout {
  PE_FILE,  /* as on disk */
  PE_MAPPED /* as the loader maps it: an offset is an RVA */
};

/* PE_OTHER: none of these, or not known.  */
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

/* Offsets are into BYTES; sizes and alignments are in bytes.  The numbers from the headers are as
   the file says, unchecked, but headers, section table and directories lie inside BYTES.  */
struct pe {
  const uint8_t *bytes; /* owned by the caller; must outlive the view */
  size_t size;          /* of BYTES */
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
  uint32_t entry; /* RVA */
  uint32_t section_alignment;
  uint32_t file_alignment;
  uint32_t image_size;
  uint32_t headers_size;
  uint32_t checksum;
  uint32_t symbols; /* offset of the COFF symbols in the file, 0: none */
  uint32_t symbols_num;
};

/* Little-endian numbers at P, which need not be aligned: read, and written.  */
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
/* Round V up to a multiple of ALIGNMENT, which is a power of two, or 0 to leave V as it is.  */
static inline uint64_t pe_round_up (uint64_t v, uint64_t alignment) {
  return alignment == 0 ? v : (v + alignment - 1) & ~(alignment - 1);
}

/* Open a view of SIZE bytes.  With PE_MAPPED the bytes of the headers are enough as long as nothing
   else is read.  On failure ERROR says why: this is no PE file, or its headers lead out of BYTES.
   Success does not mean that the loader would accept the image: see pe_check_layout.  */
int pe_open (struct pe *pe, const void *bytes, size_t size, enum pe_layout layout,
             struct pe_error *error);
const char *pe_machine_name (enum pe_machine machine);
/* INDEX < sections_num.  */
struct pe_section pe_section (const struct pe *pe, unsigned index);
/* Find the first section called NAME.  */
int pe_section_named (const struct pe *pe, const char *name, struct pe_section *section);
/* Find the section that contains RVA; -1 also if RVA is in the headers.  */
int pe_section_of (const struct pe *pe, uint32_t rva, struct pe_section *section);
/* Directory INDEX; all zeros if the image has no such directory.  */
struct pe_directory pe_directory (const struct pe *pe, unsigned index);
/* Bytes of one thunk.  */
static inline uint32_t pe_thunk_size (const struct pe *pe) {
  return pe->plus ? 8 : 4;
}
/* The offset of directory INDEX; 0 if the image has no such directory.  */
size_t pe_directory_offset (const struct pe *pe, unsigned index);
/* The offset from which the loader takes the bytes of SECTION.  */
uint32_t pe_raw_begin (const struct pe *pe, const struct pe_section *section);
/* The bytes of SECTION that the loader maps, a multiple of the section alignment.  */
uint64_t pe_section_extent (const struct pe *pe, const struct pe_section *section);
/* The offset of the header of section INDEX <= sections_num; the last one does not exist yet.  */
static inline size_t pe_section_header (const struct pe *pe, unsigned index) {
  return pe->sections + (size_t) index * PE_SECTION_HEADER;
}
/* Copy N bytes from RVA, including the zeros behind the raw bytes of a section.  */
int pe_read (const struct pe *pe, uint64_t rva, void *to, size_t n);
int pe_read32 (const struct pe *pe, uint64_t rva, uint32_t *to);
/* Copy the string at RVA with its 0; -1 also if it does not fit into SIZE bytes.  */
int pe_string (const struct pe *pe, uint64_t rva, char *to, size_t size);
/* Find the offset of the N bytes at RVA; -1 also if some of them are not in the file.  */
int pe_offset (const struct pe *pe, uint64_t rva, size_t n, size_t *offset);

#endif
