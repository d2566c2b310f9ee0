/* Whether what an image imports lies apart from what is written over.  */

#ifndef MIR_INJECT_EDIT_APART_H
#define MIR_INJECT_EDIT_APART_H

#include "inject/pe/pe.h"

/* Bytes of the old file.  */
struct edit_range {
  size_t begin, end;
};

/* Whether the import table and everything it leads to lies outside of RANGES, which are about to be
   written over. In a file that nobody made to deceive it does.  */
int edit_check_apart (const struct pe *pe, const struct edit_range *ranges, unsigned num,
                      struct pe_error *error);

#endif
