/* What mir-inject was asked to do with files.  */

#ifndef MIR_INJECT_OPTIONS_H
#define MIR_INJECT_OPTIONS_H

#include "inject/edit/edit.h"
#include "inject/pe/imports.h" /* PE_NAME_MAX */

/* Exit statuses.  */
enum {
  STATUS_DONE = 0,
  STATUS_FAILED = 1, /* a file could not be done, or the arguments are wrong */
  STATUS_NO = 2      /* --verify: the answer is no */
};

struct options {
  int help, version, verbose, list, inplace, force, eject, dry_run, verify, json, no_backup;
  const char *dll;    /* without the postfix; NULL: the usual */
  const char *symbol; /* NULL: to be found out */
  const char *postfix;
  const char *output;
  char *order;                 /* copied, its semicolons made 0 */
  struct edit_request request; /* its dll and order are from above */
  char dll_name[PE_NAME_MAX];
  char **files;
  int files_num;
};

/* Read ARGV[1 .. ARGC), whose order is changed.  0, or -1 with the reason.  */
int options_read (struct options *options, int argc, char **argv, struct pe_error *error);
void options_free (struct options *options);
void options_help (void);

#endif
