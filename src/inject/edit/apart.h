/* Whether what an image imports lies apart from what is written over.  */

#ifndef MIR_INJECT_EDIT_APART_H
#define MIR_INJECT_EDIT_APART_H

#include "inject/pe/pe.h"

/* Bytes of the old file.  */
typedef struct {
  size_t begin, end;
} edit_range_t;

/* Whether the import table and everything it leads to lies outside of RANGES, which are about to be
   written over. In a file that nobody made to deceive it does.  */
int edit_check_apart (const pe_t *pe, const edit_range_t *ranges, unsigned num, pe_error_t *error);

#endif
