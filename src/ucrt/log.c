/* Lines of text without a C runtime.  */

#include "ucrt/log.h"

#include <stdarg.h>
#include <windows.h>

/* A line that grows; what does not fit is dropped.  */
struct line {
  char text[512];
  size_t length; /* bytes of text */
};

/* These append to LINE, which stays unterminated.  */

static void add_char (struct line *line, char c) {
  if (line->length < sizeof (line->text) - 1) line->text[line->length++] = c;
}

static void add_text (struct line *line, const char *text) {
  if (text == NULL) text = "(null)";
  while (*text != 0) add_char (line, *text++);
}

static void add_number (struct line *line, unsigned n) {
  char digits[10];
  size_t i = 0;
  do {
    digits[i++] = (char) ('0' + n % 10);
    n /= 10;
  } while (n != 0);
  while (i != 0) add_char (line, digits[--i]);
}

/* FORMAT may contain %s, %d and %u only.  */
static void add_formatted (struct line *line, const char *format, va_list args) {
  for (; *format != 0; format++) {
    if (*format != '%') {
      add_char (line, *format);
    } else if (*++format == 's') {
      add_text (line, va_arg (args, const char *));
    } else {
      int n = va_arg (args, int);
      int is_negative = *format == 'd' && n < 0;
      if (is_negative) add_char (line, '-');
      add_number (line, is_negative ? 0u - (unsigned) n : (unsigned) n);
    }
  }
}

void ucrt_format (char *to, size_t size, const char *format, ...) {
  struct line line = {.length = 0};
  va_list args;
  va_start (args, format);
  add_formatted (&line, format, args);
  va_end (args);
  size_t length = line.length < size ? line.length : size - 1;
  for (size_t i = 0; i < length; i++) to[i] = line.text[i];
  to[length] = 0;
}

/* OutputDebugString raises an exception, whose handlers may allocate: call it only if there is a
   debugger.  */
void ucrt_log (const char *format, ...) {
  struct line line = {.length = 0};
  va_list args;
  add_text (&line, "mir-ucrt: ");
  va_start (args, format);
  add_formatted (&line, format, args);
  va_end (args);
  if (line.length > sizeof (line.text) - 3) line.length = sizeof (line.text) - 3;
  add_text (&line, "\r\n");
  line.text[line.length] = 0;
  HANDLE err = GetStdHandle (STD_ERROR_HANDLE);
  DWORD written;
  if (err != NULL && err != INVALID_HANDLE_VALUE)
    WriteFile (err, line.text, (DWORD) line.length, &written, NULL);
  if (IsDebuggerPresent ()) OutputDebugStringA (line.text);
}
