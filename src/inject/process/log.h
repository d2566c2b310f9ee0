/* Messages of run, attach and check on standard error.  One thread.  */

#ifndef MIR_INJECT_PROCESS_LOG_H
#define MIR_INJECT_PROCESS_LOG_H

/* Print "mir-inject: ", the text and a newline.  Returns -1, for a caller that fails.  */
int process_log (const char *format, ...) __attribute__ ((format (printf, 1, 2)));

#endif
