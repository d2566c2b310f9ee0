/* Lines of text without a C runtime, for standard error, the debugger and the status.

   FORMAT may contain %s, %d and %u only.  Nothing is allocated; a text that does not fit is cut.
   Any thread.  */

#ifndef MIR_UCRT_LOG_H
#define MIR_UCRT_LOG_H

#include <stddef.h> /* size_t */

/* Write one line, "mir-ucrt: TEXT", to standard error and to a debugger.  Never between
   ucrt_threads_stop and ucrt_threads_resume: the console has locks.  */
void ucrt_log (const char *format, ...);

/* Write the text alone into the SIZE bytes at TO, terminated by 0.  */
void ucrt_format (char *to, size_t size, const char *format, ...);

#endif
