/* Whether a program will be loaded with the DLL in it.  */

#ifndef MIR_INJECT_VERIFY_H
#define MIR_INJECT_VERIFY_H

#include "inject/options.h"
#include "inject/report.h"

/* Would PE, the file at PATH, be loaded; would the C runtime be taken over?  STATUS_DONE or
   STATUS_NO.  */
int inject_verify (struct report *report, const struct pe *pe, const char *path,
                   const struct options *options);

#endif
