#include "ucrt/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <windows.h>

/* A line that grows; what does not fit is dropped.  */
struct line {
  char text[512];
  size_t length;
};

static void add_char (struct line *line, char c) {
  if (line->length < sizeof (line->text) - 1) line->text[line->length++] = c;
}

static void add_text (struct line *line, const char *text) {
  if (text == NULL) text = "(null)";
  while (*text != 0) add_char (line, *text++);
}

static void add_number (struct line *line, uint64_t n, unsigned base) {
  char digits[24];
  size_t i = 0;
  do {
    digits[i++] = "0123456789abcdef"[n % base];
    n /= base;
  } while (n != 0);
  while (i != 0) add_char (line, digits[--i]);
}

static void add_signed (struct line *line, int64_t n) {
  if (n < 0) add_char (line, '-');
  add_number (line, n < 0 ? (uint64_t) 0 - (uint64_t) n : (uint64_t) n, 10);
}

/* %s %d %i %u %x %p %c %%, with l, ll or z before d, i, u and x; nothing else.  */
static void add_formatted (struct line *line, const char *format, va_list args) {
  for (; *format != 0; format++) {
    if (*format != '%') {
      add_char (line, *format);
      continue;
    }
    int wide = 0; /* 1: long, 32 bits on Windows; 2: long long; 3: size_t */
    for (format++; *format == 'l' || *format == 'z'; format++) wide = *format == 'z' ? 3 : wide + 1;
    uint64_t n;
    switch (*format) {
      case 's':
        add_text (line, va_arg (args, const char *));
        break;
      case 'c':
        add_char (line, (char) va_arg (args, int));
        break;
      case 'd':
      case 'i':
        add_signed (line, wide < 2    ? va_arg (args, int)
                          : wide == 2 ? va_arg (args, long long)
                                      : (int64_t) (ptrdiff_t) va_arg (args, size_t));
        break;
      case 'u':
      case 'x':
        n = wide < 2    ? va_arg (args, unsigned)
            : wide == 2 ? va_arg (args, uint64_t)
                        : va_arg (args, size_t);
        add_number (line, n, *format == 'x' ? 16 : 10);
        break;
      case 'p':
        add_text (line, "0x");
        add_number (line, (uintptr_t) va_arg (args, void *), 16);
        break;
      case 0:
        return;
      default:
        add_char (line, *format);
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

/* OutputDebugString raises an exception, and its handlers may allocate: only for a debugger which
 * is there.  */
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
