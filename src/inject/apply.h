/* Injecting into a file, and ejecting.  */

#ifndef MIR_INJECT_APPLY_H
#define MIR_INJECT_APPLY_H

#include "inject/options.h"
#include "inject/report.h"

/* Inject into the file at PATH or eject from it.  0, or -1 with the reason.  */
int inject_apply (report_t *report, const options_t *options, const char *path, pe_error_t *error);

#endif
