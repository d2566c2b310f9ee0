/* A command line of Windows from arguments, so that the program finds the same ones.

   CreateProcess hands over one string; the C runtime splits it by rules which Microsoft documents
   under "Parsing C command-line arguments" and CommandLineToArgvW: backslashes count double before
   a quote and only there, and the program's own name is taken by simpler rules, without any escape.  */

#ifndef MIR_INJECT_PROCESS_COMMAND_LINE_H
#define MIR_INJECT_PROCESS_COMMAND_LINE_H

/* The line for ARGV, which ends with NULL and has at least the program.  For the caller to free;
   NULL if there is no memory, or the program's name has a quote, which no rule can express.  */
char *command_line_of (char *const *argv);

#endif
