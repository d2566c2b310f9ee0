/* The import tables of a file, for the user.  */

#ifndef MIR_INJECT_LIST_H
#define MIR_INJECT_LIST_H

#include "inject/report.h"

/* The modules which PE imports, under TITLE, and those it loads when it needs them.  0, or -1 with the
   reason.  */
int inject_list_imports (struct report *report, const struct pe *pe, const char *title,
                         struct pe_error *error);

#endif
