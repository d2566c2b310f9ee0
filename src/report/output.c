#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef O_BINARY /* Windows' */
#define O_BINARY 0
#endif

enum { TEMPORARIES = 100 };

/* O_EXCL: only if there is nothing yet, not even a link.  */
static int open_beside (struct output *output) {
  int fd;

  for (int i = 0; i < TEMPORARIES; i++) {
    int len = snprintf (output->temporary, sizeof (output->temporary), "%s.new%d", output->path, i);

    if (len < 0 || (size_t) len >= sizeof (output->temporary)) {
      errno = ENAMETOOLONG;
      return -1;
    }
    fd = open (output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_BINARY, 0666);
    if (fd < 0 && errno != EEXIST) return -1;
    if (fd < 0) continue;
    output->stream = fdopen (fd, "wb");
    if (output->stream != NULL) return 0;
    close (fd);
    remove (output->temporary);
    return -1;
  }
  return -1;
}

int output_open (struct output *output, const char *path) {
  struct stat st;

  output->path = path;
  output->temporary[0] = '\0';
  output->stream = stdout;
  if (strcmp (path, "-") == 0) return 0;
  if (stat (path, &st) != 0 || S_ISREG (st.st_mode)) return open_beside (output);
  output->stream = fopen (path, "wb");
  return output->stream != NULL ? 0 : -1;
}

/* Windows renames onto nothing that is there.  */
static int put_in_place (struct output *output) {
  if (rename (output->temporary, output->path) == 0) return 0;
  return remove (output->path) == 0 && rename (output->temporary, output->path) == 0 ? 0 : -1;
}

int output_close (struct output *output) {
  int failed = fflush (output->stream) != 0 || ferror (output->stream) != 0, error = errno;

  if (output->stream != stdout && fclose (output->stream) != 0 && !failed) {
    failed = 1;
    error = errno;
  }
  if (output->temporary[0] != '\0' && !failed && put_in_place (output) != 0) {
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

void output_print (struct output *output, const char *format, ...) {
  va_list args;

  va_start (args, format);
  vfprintf (output->stream, format, args); /* the stream remembers errors */
  va_end (args);
}

void output_html (struct output *output, const char *text) {
  for (; *text != '\0'; text++) switch (*text) {
      case '&':
        fputs ("&amp;", output->stream);
        break;
      case '<':
        fputs ("&lt;", output->stream);
        break;
      case '>':
        fputs ("&gt;", output->stream);
        break;
      case '"':
        fputs ("&quot;", output->stream);
        break;
      case '\'':
        fputs ("&#39;", output->stream);
        break;
      default:
        putc (*text, output->stream);
    }
}

/* "<" would let "</script" and "<!--" through; U+2028 and U+2029 end lines in old JavaScript.  */
void output_json (struct output *output, const char *text) {
  putc ('"', output->stream);
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char) *text;

    if (c < 0x20 || strchr ("<>&'\"\\\x7f", c) != NULL)
      fprintf (output->stream, "\\u%04x", c);
    else
      putc (c, output->stream);
  }
  putc ('"', output->stream);
}
