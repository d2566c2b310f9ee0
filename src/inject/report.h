/* The output of mir-inject for files: lines of text, or a JSON array with an object for each file.

   Results go to standard output; details, warnings and errors go to standard error.  One thread at
   a time.  */

#ifndef MIR_INJECT_REPORT_H
#define MIR_INJECT_REPORT_H

#include "inject/pe/pe.h"

struct report {
  int json;        /* print JSON instead of lines */
  int verbose;     /* print details */
  unsigned files;  /* begun so far */
  unsigned fields; /* written so far in the current object or array */
  unsigned warnings_num;
  char warnings[8][320]; /* of the current file, for JSON; more are only printed */
};

/* Begin and end the output, and in it the object of each file.  */
void report_begin (struct report *report, int json, int verbose);
void report_end (struct report *report);
void report_file (struct report *report, const char *path);
/* The text of ERROR is "" on success.  */
void report_file_end (struct report *report, const struct pe_error *error);

/* Print a line of the result; nothing with JSON.  */
void report_line (const struct report *report, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));
/* Print a line if --verbose.  */
void report_detail (const struct report *report, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));
/* Print a warning, and keep it for JSON.  */
void report_warning (struct report *report, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));

/* Write a field of the current JSON object, or with NAME NULL an element of the current array;
   nothing without JSON.  */
void report_text (struct report *report, const char *name, const char *value);
void report_number (struct report *report, const char *name, long value);
void report_bool (struct report *report, const char *name, int value);
/* Begin and end an object or an array; BRACKET is '{', '[', '}' or ']'.  */
void report_open (struct report *report, const char *name, char bracket);
void report_close (struct report *report, char bracket);

/* A copy of the untrusted TEXT that is safe for a terminal.  Valid for the next three calls.  Whole
   lines are made safe anyway; this also limits the length.  */
const char *report_clean (const char *text);

#endif
