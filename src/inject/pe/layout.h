/* An image as a file: where its parts lie, whether a loader would accept them, and its checksum.
   pe.h has the words and the rules: results, checks, threads.  */

#ifndef MIR_INJECT_PE_LAYOUT_H
#define MIR_INJECT_PE_LAYOUT_H

#include "inject/pe/pe.h"

enum { PE_SECTIONS_MAX = 96 }; /* the loader's limit, says "PE Format" */

/* Bytes of an image in memory.  "PE32+ images allow for a 64-bit address space while limiting the
   image size to 2 gigabytes"; in a PE32 thunk the highest bit of an RVA means an ordinal
   instead.  */
#define PE_IMAGE_MAX 0x80000000u

/* The offset at which the bytes of the first section begin, and so those that only the headers use
   end; at least the end of the section table, which sections of a damaged file may overlap.  It may
   lie below headers_size, or above.  */
size_t pe_headers_end (const struct pe *pe);
/* The offset at which the last section ends and the tail begins.  */
size_t pe_sections_end (const struct pe *pe);
/* Find the certificates; SIZE is 0 if there are none.  -1 if they lead out of the file.  */
int pe_certificate (const struct pe *pe, size_t *offset, size_t *size);
/* Find the COFF symbols and their strings; SIZE is 0 if there are none.  -1 if they lead out of the
   file.  */
int pe_symbols (const struct pe *pe, size_t *offset, size_t *size);
/* Check that a loader would map the image.  On failure ERROR has the first reason why not.  */
int pe_check_layout (const struct pe *pe, struct pe_error *error);

/* The checksum of the optional header in the making: a sum over the file, added in any number of
   parts.  */
struct pe_checksum {
  uint64_t sum;  /* 16 bits, with end-around carry */
  uint64_t size; /* bytes so far */
};
void pe_checksum_add (struct pe_checksum *state, const uint8_t *bytes, size_t n);
uint32_t pe_checksum_end (const struct pe_checksum *state);
/* The checksum that the file PE should have.  */
uint32_t pe_checksum (const struct pe *pe);

#endif
