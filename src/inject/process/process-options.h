/* The command lines of run, attach and check.  */

#ifndef MIR_INJECT_PROCESS_PROCESS_OPTIONS_H
#define MIR_INJECT_PROCESS_PROCESS_OPTIONS_H

/* Whether NAME is one of the commands.  */
int process_is_command (const char *name);

/* Do the command ARGV[0] with its options and operands; an exit status.  ARGV is as from
   process_arguments.  */
int process_main (int argc, char **argv);

/* A process id: decimal or 0x and hexadecimal digits, nothing else, 1 to 2^32 - 1.  0 if it is
   none.  */
unsigned long process_id_of (const char *text);

#endif
