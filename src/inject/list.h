/* Prints the import tables of a file.  options.h has the words.  One thread.  */

#ifndef MIR_INJECT_LIST_H
#define MIR_INJECT_LIST_H

#include "inject/report.h"

/* Print the modules that PE imports, with TITLE above them, and the delay-loaded ones; if verbose,
   also their functions.  Returns 0, or -1 with the reason in ERROR.  */
int inject_list_imports (struct report *report, const struct pe *pe, const char *title,
                         struct pe_error *error);

#endif
