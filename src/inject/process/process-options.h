/* Reads the command lines of run, attach and check, and calls the command.  process.h has the
   words; one thread.  */

#ifndef MIR_INJECT_PROCESS_PROCESS_OPTIONS_H
#define MIR_INJECT_PROCESS_PROCESS_OPTIONS_H

/* Whether NAME is one of the three commands.  */
int process_is_command (const char *name);

/* Execute the command that is the first of ARGV, with its options and operands.  ARGV comes from
   process_arguments.  Returns an exit status.  */
int process_main (int argc, char **argv);

/* Read a process id, 1 to 2^32 - 1: decimal, or hexadecimal behind 0x.  0 if TEXT is none.  */
unsigned long process_id_of (const char *text);

#endif
