/* Checks whether a program would start with the DLL, and be taken over.  Reads only.  options.h has
   the words.  One thread.  */

#ifndef MIR_INJECT_VERIFY_H
#define MIR_INJECT_VERIFY_H

#include "inject/options.h"
#include "inject/report.h"

/* Print a line for every check of PE, the file at PATH.  STATUS_DONE, or STATUS_NO if one
   failed.  */
int inject_verify (struct report *report, const struct pe *pe, const char *path,
                   const struct options *options);

#endif
