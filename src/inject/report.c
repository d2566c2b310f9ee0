/* Prints results as text or as JSON.  */
#include "inject/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "inject/pe/imports.h" /* PE_NAME_MAX */
#include "text/utf8.h"

enum { LINE_MAX_SIZE = 9216 }; /* bytes: two paths and what is said of them */

const char *report_clean (const char *text) {
  static char buffers[4][PE_NAME_MAX];
  static unsigned next;
  char *to = buffers[next++ % 4];
  snprintf (to, PE_NAME_MAX, "%s", text);
  utf8_clean (to, PE_NAME_MAX);
  return to;
}

/* Print a line whose untrusted names are made safe for a terminal.  */
static void print_line (FILE *stream, const char *format, va_list args) {
  char line[LINE_MAX_SIZE];
  vsnprintf (line, sizeof (line), format, args);
  utf8_clean (line, sizeof (line));
  fprintf (stream, "%s\n", line);
}

/* Whether a field is to be written: then its name is.  */
static int begin_field (struct report *report, const char *name) {
  if (!report->json) return 0;
  if (report->fields++ > 0) printf (", ");
  if (name == NULL) return 1;
  utf8_print_json (stdout, name);
  printf (": ");
  return 1;
}

void report_text (struct report *report, const char *name, const char *value) {
  if (begin_field (report, name)) utf8_print_json (stdout, value);
}

void report_number (struct report *report, const char *name, long value) {
  if (begin_field (report, name)) printf ("%ld", value);
}

void report_bool (struct report *report, const char *name, int value) {
  if (begin_field (report, name)) printf ("%s", value ? "true" : "false");
}

void report_open (struct report *report, const char *name, char bracket) {
  if (!begin_field (report, name)) return;
  putchar (bracket);
  report->fields = 0;
}

void report_close (struct report *report, char bracket) {
  if (!report->json) return;
  putchar (bracket);
  report->fields = 1;
}

void report_begin (struct report *report, int json, int verbose) {
  *report = (struct report) {.json = json, .verbose = verbose};
  if (json) printf ("[");
}

void report_end (struct report *report) {
  if (report->json) printf ("%s]\n", report->files > 0 ? "\n" : "");
}

void report_file (struct report *report, const char *path) {
  report->warnings_num = report->fields = 0;
  if (report->json) printf ("%s\n{", report->files > 0 ? "," : "");
  report->files++;
  report_text (report, "file", path);
}

void report_file_end (struct report *report, const struct pe_error *error) {
  if (error->text[0] != 0) {
    report_text (report, "error", error->text);
    fflush (stdout);
    fprintf (stderr, "mir-inject: %s\n", report_clean (error->text));
  }
  report_open (report, "warnings", '[');
  for (unsigned i = 0; i < report->warnings_num; i++)
    report_text (report, NULL, report->warnings[i]);
  report_close (report, ']');
  if (report->json) putchar ('}');
}

void report_line (const struct report *report, const char *format, ...) {
  va_list args;
  if (report->json) return;
  va_start (args, format);
  print_line (stdout, format, args);
  va_end (args);
}

void report_detail (const struct report *report, const char *format, ...) {
  va_list args;
  if (!report->verbose) return;
  fflush (stdout);
  va_start (args, format);
  print_line (stderr, format, args);
  va_end (args);
}

void report_warning (struct report *report, const char *format, ...) {
  char text[sizeof (report->warnings[0])];
  va_list args;
  va_start (args, format);
  vsnprintf (text, sizeof (text), format, args);
  va_end (args);
  if (report->warnings_num < 8)
    memcpy (report->warnings[report->warnings_num++], text, sizeof (text));
  utf8_clean (text, sizeof (text));
  fflush (stdout);
  fprintf (stderr, "mir-inject: warning: %s\n", text);
}
