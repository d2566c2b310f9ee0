/* The commands themselves.  Windows: launch.c, attach.c, check.c, process-windows.c; elsewhere:
   process-none.c.  process.h has the words; one thread.  */

#ifndef MIR_INJECT_PROCESS_COMMANDS_H
#define MIR_INJECT_PROCESS_COMMANDS_H

#include "inject/process/process.h"

/* The arguments of main as UTF-8.  On Windows main gets them in the ANSI code page, which may have
   lost characters.  The result is never freed; on other systems and on failure it is ARGV.  */
char **process_arguments (int *argc, char **argv);

/* Each executes its command and returns an exit status.  ARGV is the program and its arguments, and
   ends with NULL.  */
int process_run (const struct process_options *options, char **argv);
int process_attach (const struct process_options *options, unsigned long id);
int process_check (const struct process_options *options, unsigned long id);

#endif
