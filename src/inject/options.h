/* The command line of mir-inject for files.

   module     a DLL in an import table, as the user sees it
   list       print the import tables
   verify     check that a program with the DLL in it would start, and be taken over
   apply      inject or eject: plan the edit, write a new file, check it, give it its name
   in place   the new file replaces the one that was read
   backup     the file that was read, kept beside the one that replaced it
   take over  have the C runtime's allocator replaced, which is what mir-ucrt.dll does

   The folder pe/ reads images, edit/ plans changes of them, process/ has run, attach and check.
   One thread.  */

#ifndef MIR_INJECT_OPTIONS_H
#define MIR_INJECT_OPTIONS_H

#include "inject/edit/edit.h"
#include "inject/pe/imports.h" /* PE_NAME_MAX */

/* Exit statuses.  */
enum {
  STATUS_DONE = 0,
  STATUS_FAILED = 1, /* a file failed */
  STATUS_USAGE = 2,  /* the arguments are wrong */
  STATUS_NO = 3      /* --verify: a check failed */
};

/* The texts are those of ARGV, which outlives this.  */
struct options {
  int help, version, verbose, list, inplace, force, eject, dry_run, verify, json, no_backup;
  const char *dll;    /* without the postfix; NULL: the default */
  const char *symbol; /* NULL: choose one */
  const char *postfix;
  const char *output;          /* NULL: a name made of the file's */
  char *order;                 /* malloc'ed copy of the value; semicolons are replaced by 0 */
  struct edit_request request; /* refers to dll_name and order */
  char dll_name[PE_NAME_MAX];
  char **files; /* names, moved to the front of ARGV */
  int files_num;
};

/* Read the arguments behind ARGV[0], and move the names of files to the front of ARGV.  Returns 0,
   or -1 with the reason in ERROR; call options_free in either case.  */
int options_read (struct options *options, char **argv, struct pe_error *error);
void options_free (struct options *options);
void options_help (void);

#endif
