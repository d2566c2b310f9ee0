/* Messages on standard error.  */
#include "inject/process/log.h"

#include <stdarg.h>
#include <stdio.h>

int process_log (const char *format, ...) {
  va_list args;
  fflush (stdout); /* keep the order if both streams go to one file */
  fputs ("mir-inject: ", stderr);
  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fputc ('\n', stderr);
  return -1;
}
