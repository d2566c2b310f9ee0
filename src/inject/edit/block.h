/* Makes the block: a new import table and everything it refers to.  edit.h has the words; one
   thread at a time.

   [ descriptors, an empty one | lookup thunk, 0 | address thunk, 0 | hint, symbol | DLL |
     names of the other DLLs ]  */

#ifndef MIR_INJECT_EDIT_BLOCK_H
#define MIR_INJECT_EDIT_BLOCK_H

#include "inject/edit/edit.h"

/* The block; offsets in it become RVAs where it is placed.  */
struct edit_block {
  uint8_t *bytes; /* malloc'ed; the caller frees them */
  size_t size;
  uint32_t table_size; /* bytes of the descriptors with the empty one, for the import directory */
};

/* Make the block that will be placed at RVA, a multiple of 16, of the image PE.  PE must not import
   REQUEST->dll yet.  Returns 0, or -1 with the reason in ERROR.  */
int edit_block (struct edit_block *block, const struct pe *pe, uint32_t rva,
                const struct edit_request *request, struct pe_error *error);

/* Copy descriptor INDEX into a new table, as PE_DESCRIPTOR bytes.  Bound imports are cleared, and
   so is the time stamp.  Returns -1 if only the bound addresses tell which functions the descriptor
   imports.  */
int edit_copy_descriptor (const struct pe *pe, unsigned index, uint8_t *to, struct pe_error *error);

/* Sort the descriptors of PE as REQUEST says: element I of FROM is the old index of the new
   descriptor I.  FROM has PE_IMPORTS_MAX elements; a DLL that is not imported yet is left out.
   Returns the number of descriptors, or -1: the table is damaged, or request->order names a DLL
   that is not imported.  */
int edit_order (const struct pe *pe, const struct edit_request *request, uint16_t *from,
                struct pe_error *error);

#endif
