#include "inject/process/log.h"

#include <stdarg.h>
#include <stdio.h>

void process_log (const char *format, ...) {
  va_list args;
  fflush (stdout); /* the two streams often end in one file */
  fputs ("mir-inject: ", stderr);
  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fputc ('\n', stderr);
}
