/* An image as a file: its sections and its tail, what a loader wants of them, and the checksum.  */

#ifndef MIR_INJECT_PE_LAYOUT_H
#define MIR_INJECT_PE_LAYOUT_H

#include "inject/pe/pe.h"

enum {
  PE_SECTIONS_MAX = 96
}; /* "PE Format": the Windows loader limits the number of sections to 96 */

/* Bytes of an image in memory: "PE32+ images allow for a 64-bit address space while limiting the
   image size to 2 gigabytes", and where PE32 has the RVA of a function's name, its highest bit says
   that there is an ordinal instead.  */
#define PE_IMAGE_MAX 0x80000000u

/* Where the sections end in the file, and the tail begins.  */
size_t pe_sections_end (const struct pe *pe);
/* The range of the certificates; 0 bytes if there are none.  -1: they lead out of the file.  */
int pe_certificate (const struct pe *pe, size_t *offset, size_t *size);
/* Symbols and their strings; 0 bytes if there are none.  -1: they lead out of the file.  */
int pe_symbols (const struct pe *pe, size_t *offset, size_t *size);
/* Would a loader map this?  0, or -1 with the first reason why not.  */
int pe_check_layout (const struct pe *pe, struct pe_error *error);

/* The checksum of the optional header is a sum over the file in any number of parts.  */
struct pe_checksum {
  uint64_t sum;
  uint64_t size; /* bytes so far */
};
void pe_checksum_add (struct pe_checksum *state, const uint8_t *bytes, size_t n);
uint32_t pe_checksum_end (const struct pe_checksum *state);
/* The one which this file should have.  */
uint32_t pe_checksum (const struct pe *pe);

#endif
