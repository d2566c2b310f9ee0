/* What can be done with one file.  Each prints its result; 0, -1 with the reason, or STATUS_NO.  */

#ifndef MIR_INJECT_ACTIONS_H
#define MIR_INJECT_ACTIONS_H

#include "inject/options.h"
#include "inject/report.h"

/* The modules which PE imports, under TITLE, and those it loads when it needs them.  */
int list_imports (report_t *report, const pe_t *pe, const char *title, pe_error_t *error);
/* Would PE, the file at PATH, be loaded; would the C runtime be taken over?  */
int verify (report_t *report, const pe_t *pe, const char *path, const options_t *options,
            pe_error_t *error);
/* Inject or eject.  */
int apply (report_t *report, const options_t *options, const char *path, pe_error_t *error);

/* --- crt.c: the C runtimes of Windows, by the names of their DLLs.  */
int crt_is (const char *dll);
int crt_is_heap_function (const char *function);
/* Whether the DLL called NAME, if it lies in the folder of PATH, brings a C runtime with it,
   directly or through others there.  The one that does is in HOW.  */
int crt_is_behind (const char *path, const char *name, char *how, size_t how_size);

#endif
