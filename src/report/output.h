/* What mir-report reads, and its output: a file that appears under its name when it is whole, or a
   pipe, a device or standard output; and the ways to write text to it.  One thread at a time.  */
#ifndef MIR_REPORT_OUTPUT_H
#define MIR_REPORT_OUTPUT_H

#include <stdio.h>

#include "report/output-file.h"

struct output {
  const char *path;
  FILE *stream; /* errors of writing are reported by output_close */
  /* The path of the new file until it gets its name; empty: there is none.  */
  char temporary[OUTPUT_PATH_MAX];
};

/* Open the trace PATH: a regular file, or for "-" a private copy of standard input, since traces are
   read twice.  NULL on failure; then *WHY is the reason, for the user.  The caller closes the
   stream.  */
FILE *output_read (const char *path, const char **why);
/* Whether an output called PATH would replace the file of TRACE, or be written into it.  */
int output_is_file (const char *path, FILE *trace);

/* Begin a file that will replace whatever is called PATH; a link itself, not what it leads to.
   TRACE is the trace that was read, OLD an older one or NULL: the file gets the permissions that
   both of them have, never wider ones (TRACE NULL: it is its owner's alone).  PATH must stay as it
   is until OUTPUT is closed.  Returns 0, or -1 with errno.  */
int output_create (struct output *output, const char *path, FILE *trace, FILE *old);
/* As output_create, for a PATH that the user has named: "-" and "/dev/stdout" are standard output,
   and a pipe or a device is written to as it is.  */
int output_open (struct output *output, const char *path, FILE *trace, FILE *old);
/* Close OUTPUT, standard output too, and give the file its name.  Returns 0; or -1 with errno, and
   then a file called PATH is as it was.  */
int output_close (struct output *output);
/* Close OUTPUT and leave a file called PATH as it was.  */
void output_drop (struct output *output);

/* Write TEXT as text or as a quoted attribute of HTML.  */
void output_html (FILE *out, const char *text);
/* Write TEXT, which is UTF-8, as a JSON string with its quotes; it may stand in a script element of
   HTML.  */
void output_json (FILE *out, const char *text);

#endif /* MIR_REPORT_OUTPUT_H */
