/* The import tables of a file, for the user.  */

#ifndef MIR_INJECT_LIST_H
#define MIR_INJECT_LIST_H

#include "inject/report.h"

/* The modules which PE imports, under TITLE, and those it loads when it needs them.  0, or -1 with the
   reason.  */
int inject_list_imports (report_t *report, const pe_t *pe, const char *title, pe_error_t *error);

#endif
