/* What mir-inject says: lines for people, or one JSON object for each file.

   Results go to standard output, what is only by the way to standard error.  One thread at a time.  */

#ifndef MIR_INJECT_REPORT_H
#define MIR_INJECT_REPORT_H

#include "inject/pe/pe.h"

struct report {
  int json;
  int verbose;
  unsigned files;  /* done so far */
  unsigned fields; /* of the object that is being written */
  unsigned warnings_num;
  char warnings[8][256];
};

void report_begin (struct report *report, int json, int verbose);
void report_end (struct report *report);
void report_file (struct report *report, const char *path);
/* ERROR is empty if all is well.  */
void report_file_end (struct report *report, const struct pe_error *error);

/* A line of the result; nothing if that is JSON.  */
void report_line (const struct report *report, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));
/* A line for --verbose.  */
void report_detail (const struct report *report, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));
void report_warning (struct report *report, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));

/* Fields of the object; nothing if there is no JSON.  */
void report_text (struct report *report, const char *name, const char *value);
void report_number (struct report *report, const char *name, long value);
void report_bool (struct report *report, const char *name, int value);
void report_open (struct report *report, const char *name,
                  char bracket); /* name NULL: in an array */
void report_close (struct report *report, char bracket);

/* TEXT, from a file which may hold anything, made fit for a terminal, in one of a few buffers.
   Lines are made so anyway.  */
const char *report_clean (const char *text);

#endif
