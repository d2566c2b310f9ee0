/* What mir-inject says: lines for people, or one JSON object for each file.

   Results go to standard output, what is only by the way to standard error.  One thread at a time.
 */

#ifndef MIR_INJECT_REPORT_H
#define MIR_INJECT_REPORT_H

#include "inject/pe/pe.h"

typedef struct {
  int json;
  int verbose;
  unsigned files;  /* done so far */
  unsigned fields; /* of the object that is being written */
  unsigned warnings_num;
  char warnings[8][256];
} report_t;

void report_begin (report_t *report, int json, int verbose);
void report_end (report_t *report);
void report_file (report_t *report, const char *path);
/* ERROR is empty if all is well.  */
void report_file_end (report_t *report, const pe_error_t *error);

/* A line of the result; nothing if that is JSON.  */
void report_line (const report_t *report, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));
/* A line for --verbose.  */
void report_detail (const report_t *report, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));
void report_warning (report_t *report, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));

/* Fields of the object; nothing if there is no JSON.  */
void report_text (report_t *report, const char *name, const char *value);
void report_number (report_t *report, const char *name, long value);
void report_bool (report_t *report, const char *name, int value);
void report_open (report_t *report, const char *name, char bracket); /* name NULL: in an array */
void report_close (report_t *report, char bracket);

/* TEXT, from a file which may hold anything, made fit for a terminal, in one of a few buffers.
 * Lines are made so anyway.  */
const char *report_clean (const char *text);

#endif
