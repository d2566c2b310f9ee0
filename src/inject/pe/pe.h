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

#ifndef MIR_INJECT_PE_H
#define MIR_INJECT_PE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

enum {
  PE_ERROR_MAX = 512,
  PE_NAME_MAX = 512,  /* bytes of a name of a DLL or function, with its 0; longer ones are damage */
  PE_DESCRIPTOR = 20, /* bytes */
  PE_SECTION_HEADER = 40,
  PE_SYMBOL = 18,
  PE_FUNCTIONS_MAX = 1 << 18, /* of all DLLs together; they may share tables, so that a small file
                                 could keep us busy for hours */
  PE_SECTIONS_MAX = 96, /* "PE Format": the Windows loader limits the number of sections to 96 */
  PE_IMPORTS_MAX = 4096 /* DLLs; more are damage */
};

enum {
  PE_EXPORT = 0,
  PE_IMPORT = 1,
  PE_RESOURCE = 2,
  PE_CERTIFICATE = 4,
  PE_DEBUG = 6,
  PE_TLS = 9
};
enum { PE_LOAD_CONFIG = 10, PE_BOUND_IMPORT = 11, PE_IAT = 12, PE_DELAY_IMPORT = 13, PE_CLR = 14 };
enum { PE_SECTION_DATA = 0x40, PE_SECTION_READ = 0x40000000, PE_SECTION_EXECUTE = 0x20000000 };
#define PE_SECTION_WRITE 0x80000000u
/* Bytes of an image in memory: "PE32+ images allow for a 64-bit address space while limiting the
   image size to 2 gigabytes", and where PE32 has the RVA of a function's name, its highest bit says
   that there is an ordinal instead.  */
#define PE_IMAGE_MAX 0x80000000u

typedef struct {
  char text[PE_ERROR_MAX]; /* one line, no dot at its end */
  int names_file;          /* it says which file it is about */
} pe_error_t;

/* What follows "not a valid PE file" and the like.  Keeps the first error.  */
void pe_set_error (pe_error_t *error, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));

typedef enum {
  PE_FILE,  /* as on disk */
  PE_MAPPED /* as the loader maps it: the offset is the RVA */
} pe_layout_t;

typedef enum { PE_OTHER, PE_X86, PE_X64, PE_ARM64, PE_ARM64EC, PE_ARM64X } pe_machine_t;

typedef struct {
  uint32_t rva;
  uint32_t size; /* bytes */
} pe_directory_t;

typedef struct {
  char name[9]; /* ends with 0 */
  uint32_t rva;
  uint32_t virtual_size; /* bytes mapped; 0: as many as raw_size */
  uint32_t raw;          /* offset in the file */
  uint32_t raw_size;     /* bytes in the file */
  uint32_t flags;
} pe_section_t;

/* Offsets are into BYTES; headers, section table and directories lie inside of it.  */
typedef struct {
  const uint8_t *bytes; /* the user's; must outlive the view */
  size_t size;
  pe_layout_t layout;
  pe_machine_t machine;
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
} pe_t;

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
  p[0] = (uint8_t) v, p[1] = (uint8_t) (v >> 8);
}
static inline void pe_put32 (uint8_t *p, uint32_t v) {
  pe_put16 (p, (uint16_t) v), pe_put16 (p + 2, (uint16_t) (v >> 16));
}
static inline void pe_put64 (uint8_t *p, uint64_t v) {
  pe_put32 (p, (uint32_t) v), pe_put32 (p + 4, (uint32_t) (v >> 32));
}
/* V rounded up to a multiple of ALIGNMENT, a power of two or 0, which leaves it as it is.  */
static inline uint64_t pe_round_up (uint64_t v, uint64_t alignment) {
  return alignment == 0 ? v : (v + alignment - 1) & ~(alignment - 1);
}

/* --- pe.c: headers and sections.  */

/* Look at SIZE bytes; for PE_MAPPED the headers are enough as far as only they are asked about.  0,
   or -1 with the reason in ERROR: not a PE file, or headers that lead out of it.  What the loader
   thinks of the rest is another question: pe_check_layout.  */
int pe_open (pe_t *pe, const void *bytes, size_t size, pe_layout_t layout, pe_error_t *error);
const char *pe_machine_name (pe_machine_t machine);
/* Section INDEX < sections_num.  */
pe_section_t pe_section (const pe_t *pe, unsigned index);
/* The section which RVA is in, 0, or -1: none, or the headers.  */
int pe_section_of (const pe_t *pe, uint32_t rva, pe_section_t *section);
/* Zeros where the image has no such entry.  */
pe_directory_t pe_directory (const pe_t *pe, unsigned index);
/* Where entry INDEX of the directories is; 0: the image has no such entry.  */
size_t pe_directory_offset (const pe_t *pe, unsigned index);
/* Where the loader takes the bytes of a section from.  */
uint32_t pe_raw_begin (const pe_t *pe, const pe_section_t *section);
/* Bytes of a section that are mapped: whole multiples of the section alignment.  */
uint64_t pe_section_extent (const pe_t *pe, const pe_section_t *section);
/* Copy N bytes from RVA, with the zeros behind a section's raw bytes.  */
int pe_read (const pe_t *pe, uint64_t rva, void *to, size_t n);
int pe_read32 (const pe_t *pe, uint64_t rva, uint32_t *to);
/* Copy the string at RVA with its 0; -1 too if it does not fit into SIZE.  */
int pe_string (const pe_t *pe, uint64_t rva, char *to, size_t size);
/* Where the N bytes at RVA are, and all of them in the file.  */
int pe_offset (const pe_t *pe, uint64_t rva, size_t n, size_t *offset);

/* --- pe-imports.c.  */

typedef struct {
  uint32_t
      lookup; /* RVA of the thunks that say which functions; 0: only ADDRESS, see pe_lookup_table */
  uint32_t time_stamp;
  uint32_t forwarder;
  uint32_t name;    /* RVA */
  uint32_t address; /* RVA of the thunks that the loader overwrites with addresses */
} pe_descriptor_t;

typedef struct {
  int by_ordinal;
  uint16_t ordinal;       /* or the hint */
  char name[PE_NAME_MAX]; /* "" if by ordinal */
} pe_function_t;

/* The descriptor INDEX of the import table: 1; 0: the table ends here; -1: it is damaged.  */
int pe_descriptor (const pe_t *pe, unsigned index, pe_descriptor_t *descriptor);
/* How many DLLs are imported; -1: the table is damaged.  */
int pe_imports_num (const pe_t *pe);
/* The RVA of the thunks by which the loader finds the functions.  */
uint32_t pe_lookup_table (const pe_t *pe, const pe_descriptor_t *descriptor);
/* Function INDEX of the thunks at RVA: 1; 0: they end here; -1: damaged.  */
int pe_function (const pe_t *pe, uint32_t rva, unsigned index, pe_function_t *function);
/* How many there are, their names not looked at; -1: damaged.  */
long pe_functions_num (const pe_t *pe, uint32_t rva);
/* The index of the descriptor of the DLL called NAME, case ignored; -1: none.  */
int pe_find_import (const pe_t *pe, const char *name);
/* DLL INDEX of those which are loaded when they are needed, as pe_descriptor.  RVAs only, also
   where an old image has addresses.  */
int pe_delay_descriptor (const pe_t *pe, unsigned index, pe_descriptor_t *descriptor);
int pe_name_is (const char *a, const char *b); /* case ignored as file names are: ASCII */

/* Its exported function called NAME: its RVA.  */
int pe_find_export (const pe_t *pe, const char *name, uint32_t *rva);
/* The first name of its export table.  */
int pe_first_export (const pe_t *pe, char *name, size_t size);

/* --- pe-layout.c: files only.  */

/* Where the sections end in the file, and the tail begins.  */
size_t pe_sections_end (const pe_t *pe);
/* The range of the certificates; 0 bytes if there are none.  -1: they lead out of the file.  */
int pe_certificate (const pe_t *pe, size_t *offset, size_t *size);
/* Symbols and their strings; 0 bytes if there are none.  -1: they lead out of the file.  */
int pe_symbols (const pe_t *pe, size_t *offset, size_t *size);
/* Would a loader map this?  0, or -1 with the first reason why not.  */
int pe_check_layout (const pe_t *pe, pe_error_t *error);

/* The checksum of the optional header is a sum over the file in any number of parts.  */
typedef struct {
  uint64_t sum;
  uint64_t size; /* bytes so far */
} pe_checksum_t;
void pe_checksum_add (pe_checksum_t *state, const uint8_t *bytes, size_t n);
uint32_t pe_checksum_end (const pe_checksum_t *state);
/* The one which this file should have.  */
uint32_t pe_checksum (const pe_t *pe);

#endif
