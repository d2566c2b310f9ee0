/* Checks that an edit does not overwrite what the import table refers to.  Reads only; any
   thread.  */

#ifndef MIR_INJECT_EDIT_APART_H
#define MIR_INJECT_EDIT_APART_H

#include "inject/pe/pe.h"

/* A range of offsets in the old file, END excluded.  */
struct edit_range {
  size_t begin, end;
};

/* Check that names of DLLs, thunks and names of functions lie outside of the headers and of RANGES,
   which will be overwritten.  Only a forged file fails this.  Returns 0, or -1 with the reason in ERROR.  */
int edit_check_apart (const struct pe *pe, const struct edit_range *ranges, unsigned num,
                      struct pe_error *error);

#endif
