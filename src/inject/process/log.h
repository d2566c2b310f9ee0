/* What the commands about processes say on standard error.  */

#ifndef MIR_INJECT_PROCESS_LOG_H
#define MIR_INJECT_PROCESS_LOG_H

/* "mir-inject: TEXT" and a new line, on standard error.  */
void process_log (const char *format, ...) __attribute__ ((format (printf, 1, 2)));

#endif
