/* Opens what is read; opens, closes and writes outputs.  */
#include "report/output.h"

#include <errno.h>
#include <string.h>

/*---------------- Traces -----------------------------*/

/* Copy all of FROM to TO, which is then at its beginning.  Returns 0, or -1 with errno.  */
static int copy_all (FILE *from, FILE *to) {
  char buffer[4096];
  size_t len;
  errno = 0;
  while ((len = fread (buffer, 1, sizeof (buffer), from)) > 0)
    if (fwrite (buffer, 1, len, to) < len) return -1;
  return ferror (from) || fflush (to) != 0 || fseek (to, 0, SEEK_SET) != 0 ? -1 : 0;
}

FILE *output_read (const char *path, const char **why) {
  FILE *copy;
  if (strcmp (path, "-") != 0) return output_file_read (path, why);
  copy = output_file_private ();
  if (copy != NULL && copy_all (stdin, copy) == 0) return copy;
  *why = strerror (errno);
  if (copy != NULL) fclose (copy);
  return NULL;
}

/*---------------- Outputs -----------------------------*/

static int is_standard (const char *path) {
  return strcmp (path, "-") == 0 || strcmp (path, "/dev/stdout") == 0;
}

int output_is_file (const char *path, FILE *trace) {
  return is_standard (path) ? output_file_same (stdout, trace) : output_file_named (trace, path);
}

int output_create (struct output *output, const char *path, FILE *trace, FILE *old) {
  output->path = path;
  output->stream = output_file_beside (path, trace, old, output->temporary);
  return output->stream != NULL ? 0 : -1;
}

int output_open (struct output *output, const char *path, FILE *trace, FILE *old) {
  output->path = path;
  output->temporary[0] = '\0';
  output->stream = stdout;
  if (is_standard (path)) return 0;
  output->stream = output_file_special (path);
  if (output->stream != NULL) return 0;
  return errno == 0 ? output_create (output, path, trace, old) : -1;
}

/* Close STREAM.  Returns 0; or -1 with errno, also if something could not be written before, whose
   reason nobody has kept.  */
static int close_stream (FILE *stream) {
  int failed, error;
  errno = 0;
  failed = fflush (stream) != 0;
  error = errno;
  if (!failed && ferror (stream)) {
    failed = 1;
    error = EIO;
  }
  if (fclose (stream) != 0 && !failed) {
    failed = 1;
    error = errno;
  }
  errno = error;
  return failed ? -1 : 0;
}

int output_close (struct output *output) {
  int result = close_stream (output->stream), error;
  if (result == 0 && output->temporary[0] != '\0')
    result = output_file_replace (output->temporary, output->path);
  if (result == 0) return 0;
  error = errno;
  if (output->temporary[0] != '\0') remove (output->temporary);
  errno = error;
  return -1;
}

void output_drop (struct output *output) {
  fclose (output->stream);
  if (output->temporary[0] != '\0') remove (output->temporary);
}

/*---------------- Text -----------------------------*/

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
