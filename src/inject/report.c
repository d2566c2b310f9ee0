#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *report_clean (const char *text) {
  static char buffers[4][PE_NAME_MAX];
  static unsigned next;
  char *to = buffers[next++ % 4];
  size_t i = 0;
  for (; text[i] != 0 && i < PE_NAME_MAX - 1; i++)
    to[i] = (unsigned char) text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
  to[i] = 0;
  return to;
}

/* Bytes that are no UTF-8 are taken for Latin-1, so that the result always is.  */
static void print_string (const char *text) {
  const unsigned char *p = (const unsigned char *) text;
  putchar ('"');
  while (*p != 0) {
    unsigned n = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 : *p >= 0xe0 && *p < 0xf0 ? 3 : 0;
    int is_utf8 = n > 1;
    for (unsigned i = 1; i < n && is_utf8; i++) is_utf8 = (p[i] & 0xc0) == 0x80;
    if (n == 3 && is_utf8) /* no overlong forms, no surrogates */
      is_utf8 = !(p[0] == 0xe0 && p[1] < 0xa0) && !(p[0] == 0xed && p[1] >= 0xa0);
    if (is_utf8) {
      printf ("%.*s", (int) n, (const char *) p);
      p += n;
      continue;
    }
    if (*p == '"' || *p == '\\')
      printf ("\\%c", *p);
    else if (*p < 0x20 || *p >= 0x7f)
      printf ("\\u%04x", *p);
    else
      putchar (*p);
    p++;
  }
  putchar ('"');
}

static void begin_field (report_t *report, const char *name) {
  if (report->fields++ > 0) printf (", ");
  if (name == NULL) return;
  print_string (name);
  printf (": ");
}

void report_text (report_t *report, const char *name, const char *value) {
  if (!report->json) return;
  begin_field (report, name);
  print_string (value);
}

void report_number (report_t *report, const char *name, long value) {
  if (!report->json) return;
  begin_field (report, name);
  printf ("%ld", value);
}

void report_bool (report_t *report, const char *name, int value) {
  if (!report->json) return;
  begin_field (report, name);
  printf ("%s", value ? "true" : "false");
}

void report_open (report_t *report, const char *name, char bracket) {
  if (!report->json) return;
  begin_field (report, name);
  putchar (bracket);
  report->fields = 0;
}

void report_close (report_t *report, char bracket) {
  if (!report->json) return;
  putchar (bracket);
  report->fields = 1;
}

void report_begin (report_t *report, int json, int verbose) {
  *report = (report_t){.json = json, .verbose = verbose};
  if (json) printf ("[");
}

void report_end (report_t *report) {
  if (report->json) printf ("%s]\n", report->files > 0 ? "\n" : "");
}

void report_file (report_t *report, const char *path) {
  report->warnings_num = report->fields = 0;
  if (report->json) printf ("%s\n{", report->files > 0 ? "," : "");
  report->files++;
  report_text (report, "file", path);
}

void report_file_end (report_t *report, const pe_error_t *error) {
  if (error->text[0] != 0) {
    report_text (report, "error", error->text);
    fflush (stdout);
    fprintf (stderr, "error: %s\n", report_clean (error->text));
  }
  report_open (report, "warnings", '[');
  for (unsigned i = 0; i < report->warnings_num; i++)
    report_text (report, NULL, report->warnings[i]);
  report_close (report, ']');
  if (report->json) putchar ('}');
}

void report_line (const report_t *report, const char *format, ...) {
  va_list args;
  if (report->json) return;
  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
}

void report_detail (const report_t *report, const char *format, ...) {
  va_list args;
  if (!report->verbose) return;
  fflush (stdout);
  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fputc ('\n', stderr);
}

void report_warning (report_t *report, const char *format, ...) {
  char text[256];
  va_list args;
  va_start (args, format);
  vsnprintf (text, sizeof (text), format, args);
  va_end (args);
  fflush (stdout);
  fprintf (stderr, "warning: %s\n", text);
  if (report->warnings_num < 8)
    memcpy (report->warnings[report->warnings_num++], text, sizeof (text));
}
