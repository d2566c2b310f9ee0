/* Injects into a file, or ejects from it.  options.h has the words.  One thread.  */

#ifndef MIR_INJECT_APPLY_H
#define MIR_INJECT_APPLY_H

#include "inject/options.h"
#include "inject/report.h"

/* Inject into the file at PATH or eject from it, as OPTIONS say.  Returns 0, or -1 with the reason
   in ERROR.  */
int inject_apply (struct report *report, const struct options *options, const char *path,
                  struct pe_error *error);

#endif
