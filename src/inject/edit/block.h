/* The block: a new import table and what it refers to.

   [ descriptors, ours first, and an empty one | lookup thunk, 0 | address thunk, 0 | hint, symbol |
     name | the names of the others ]  */

#ifndef MIR_INJECT_EDIT_BLOCK_H
#define MIR_INJECT_EDIT_BLOCK_H

#include "inject/edit/edit.h"

struct edit_block {
  uint8_t *bytes; /* malloc'ed, the caller frees them */
  size_t size;
  uint32_t table_size; /* bytes of the descriptors with the empty one: the size of the directory */
  uint32_t address;    /* RVA of our address thunk */
  uint32_t address_size; /* bytes, with the 0 */
};

/* The block for the image PE, to be placed at RVA, a multiple of 16.  DLL must not be imported yet.
   0, or -1 with the reason.  */
int edit_block (struct edit_block *block, const struct pe *pe, uint32_t rva,
                const struct edit_request *request, struct pe_error *error);

/* The descriptor INDEX as it is to be in a new table.  Bound imports are given up, so their stamps
   go; -1 if it has nothing but bound addresses to say which functions it wants.  */
int edit_copy_descriptor (const struct pe *pe, unsigned index, uint8_t *to, struct pe_error *error);

/* The descriptors of PE in the order of REQUEST, without one for a DLL that is not imported yet:
   FROM[i] is the old index of the one that comes to be the I-th.  -1: the table is damaged, or
   --order names what is not imported.  FROM has PE_IMPORTS_MAX elements.  The number of
   descriptors.  */
int edit_order (const struct pe *pe, const struct edit_request *request, uint16_t *from,
                struct pe_error *error);

#endif
