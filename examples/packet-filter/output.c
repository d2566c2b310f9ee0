/* Watches over standard output.  */
#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "failure.h"

enum { STANDARD_OUTPUT = 1, STANDARD_ERROR = 2 }; /* everywhere; their names are POSIX's */

void output_begin (void) {
  struct stat st;
  if (fstat (STANDARD_OUTPUT, &st) != 0)
    fail (MIR_binary_io_error, "standard output: %s", strerror (errno));
  if (fstat (STANDARD_ERROR, &st) != 0)
    fail (MIR_binary_io_error, "standard error: %s", strerror (errno));
}

void output_end (void) {
  errno = 0; /* an earlier failure has only left its mark on the stream */
  if (fflush (stdout) == 0 && !ferror (stdout)) return;
  fail (MIR_binary_io_error, "standard output: %s",
        errno != 0 ? strerror (errno) : "not all could be written");
}
