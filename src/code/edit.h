/* Changes of published code at any number of places.  */
#ifndef MIR_CODE_EDIT_H
#define MIR_CODE_EDIT_H

#include <stddef.h> /* size_t */
#include <stdint.h>

#include "mir-code.h"

/* As in mir.h and in MIR's own, one of which callers of MIR_code_update include.  */
struct MIR_code_reloc {
  size_t offset; /* bytes from the base */
  const void *value;
};

/* COUNT relocations at BASE.  SIZE 0: store the pointers relocs[i].value; else copy SIZE bytes from
   each relocs[i].value.  */
struct mir_edit {
  uint8_t *base;
  size_t count;
  const struct MIR_code_reloc *relocs;
  size_t size; /* bytes */
};

/* Write all places, which are in published code of one pool, or on failure none.  No lock is
   held.  */
MIR_code_status_t mir_edit (struct MIR_code_space *space, const struct mir_edit *edit);

#endif /* MIR_CODE_EDIT_H */
