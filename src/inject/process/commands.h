/* The commands, per system: process-none.c, or launch.c, attach.c, check.c and process-windows.c.  */

#ifndef MIR_INJECT_PROCESS_COMMANDS_H
#define MIR_INJECT_PROCESS_COMMANDS_H

#include "inject/process/process.h"

/* The arguments of main as UTF-8: on Windows those of main are in the ANSI code page and may have
   lost characters.  Lives as long as the process; ARGV itself where nothing is to be done, or on
   failure.  */
char **process_arguments (int *argc, char **argv);

/* Each does its command and returns an exit status.  */
int process_run (const struct process_options *options,
                 char **argv); /* the program and its arguments, NULL */
int process_attach (const struct process_options *options, unsigned long id);
int process_check (const struct process_options *options, unsigned long id);

#endif
