/* Opens, closes and writes outputs.  */
#include "report/output.h"

#include <errno.h>
#include <string.h>

int output_create (struct output *output, const char *path, FILE *trace) {
  output->path = path;
  output->stream = output_file_beside (path, trace, output->temporary);
  return output->stream != NULL ? 0 : -1;
}

int output_open (struct output *output, const char *path, FILE *trace) {
  output->path = path;
  output->temporary[0] = '\0';
  output->stream = stdout;
  if (strcmp (path, "-") == 0 || strcmp (path, "/dev/stdout") == 0) return 0;
  output->stream = output_file_special (path);
  if (output->stream != NULL) return 0;
  return errno == 0 ? output_create (output, path, trace) : -1;
}

int output_close (struct output *output) {
  int failed = fflush (output->stream) != 0 || ferror (output->stream) != 0, error = errno;
  if (output->stream != stdout && fclose (output->stream) != 0 && !failed) {
    failed = 1;
    error = errno;
  }
  if (output->temporary[0] != '\0' && !failed
      && output_file_replace (output->temporary, output->path) != 0) {
    failed = 1;
    error = errno;
  }
  if (!failed) return 0;
  if (output->temporary[0] != '\0') remove (output->temporary);
  errno = error;
  return -1;
}

void output_drop (struct output *output) {
  if (output->stream != stdout) fclose (output->stream);
  if (output->temporary[0] != '\0') remove (output->temporary);
}

void output_html (FILE *out, const char *text) {
  static const char special[] = "&<>\"'";
  static const char *const names[] = {"amp", "lt", "gt", "quot", "#39"};
  for (; *text != '\0'; text++) {
    const char *found = strchr (special, *text);
    if (found != NULL)
      fprintf (out, "&%s;", names[found - special]);
    else
      putc (*text, out);
  }
}

/* "<" is escaped, since "</script" and "<!--" have a meaning in HTML.  */
void output_json (FILE *out, const char *text) {
  putc ('"', out);
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char) *text;
    if (c < 0x20 || strchr ("<>&'\"\\\x7f", c) != NULL)
      fprintf (out, "\\u%04x", c);
    else
      putc (c, out);
  }
  putc ('"', out);
}
