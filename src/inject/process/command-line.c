/* Quotes arguments for a Windows command line.  */
#include "inject/process/command-line.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Put N times C at TO.  The end.  */
static char *put_many (char *to, char c, size_t n) {
  memset (to, c, n);
  return to + n;
}

/* Without quotes the runtime would split ARG or, if it is empty, not see it.  */
static int needs_quotes (const char *arg) {
  return *arg == 0 || strpbrk (arg, " \t\n\v\"") != NULL;
}

/* Append ARG at TO, which has room for twice the length of ARG and two quotes.  Returns the end of
   the text.  */
static char *put_argument (char *to, const char *arg) {
  size_t slashes = 0; /* number of backslashes in front of ARG */
  int quotes = needs_quotes (arg);
  if (quotes) *to++ = '"';
  for (; *arg != 0; arg++) {
    if (*arg == '"') to = put_many (to, '\\', slashes + 1);
    slashes = *arg == '\\' ? slashes + 1 : 0;
    *to++ = *arg;
  }
  if (!quotes) return to;
  to = put_many (to, '\\', slashes); /* otherwise the last one would escape the quote */
  *to++ = '"';
  return to;
}

char *command_line_of (char *const *argv) {
  size_t size = 1;
  if (strchr (argv[0], '"') != NULL) return NULL;
  for (size_t i = 0; argv[i] != NULL; i++) {
    size_t len = strlen (argv[i]);
    if (len > (SIZE_MAX - size - 3) / 2) return NULL;
    size += 2 * len + 3; /* two quotes and a space */
  }
  char *line = malloc (size), *to = line;
  if (line == NULL) return NULL;
  int quotes = *argv[0] == 0 || strpbrk (argv[0], " \t") != NULL;
  if (quotes) *to++ = '"';
  memcpy (to, argv[0], strlen (argv[0]));
  to += strlen (argv[0]);
  if (quotes) *to++ = '"';
  for (size_t i = 1; argv[i] != NULL; i++) {
    *to++ = ' ';
    to = put_argument (to, argv[i]);
  }
  *to = 0;
  return line;
}
