/* Makes a Windows command line from arguments, so that the program gets the same arguments.

   CreateProcess passes one string; the C runtime of the program splits it.  Microsoft documents the
   rules under "Parsing C command-line arguments" and CommandLineToArgvW: backslashes are doubled
   only in front of a quote, and the name of the program has simpler rules without escapes.  Any
   thread.  */

#ifndef MIR_INJECT_PROCESS_COMMAND_LINE_H
#define MIR_INJECT_PROCESS_COMMAND_LINE_H

/* The line for ARGV, which has at least the program and ends with NULL.  The caller frees it.  NULL
   if there is no memory, or if the name of the program contains a quote, which cannot be
   expressed.  */
char *command_line_of (char *const *argv);

#endif
