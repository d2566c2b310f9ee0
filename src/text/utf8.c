/* Checks UTF-8, and makes it safe for terminals and JSON.  */
#include "text/utf8.h"

unsigned utf8_length (const char *text) {
  const unsigned char *at = (const unsigned char *) text;
  unsigned char first = at[0], low = 0x80, high = 0xbf;
  unsigned len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first > 0xf4) return 0;
  if (len < 2) return len;
  if (first == 0xe0) low = 0xa0;  /* below: overlong */
  if (first == 0xed) high = 0x9f; /* above: surrogates */
  if (first == 0xf0) low = 0x90;
  if (first == 0xf4) high = 0x8f; /* above: more than U+10FFFF */
  if (at[1] < low || at[1] > high) return 0;
  for (unsigned i = 2; i < len; i++)
    if (at[i] < 0x80 || at[i] > 0xbf) return 0; /* also at the end of the text */
  return len;
}

/* Includes U+0080 to U+009F, which some terminals obey.  */
static int is_control (const char *text) {
  unsigned char first = (unsigned char) text[0];
  return first < ' ' || first == 0x7f || (first == 0xc2 && (unsigned char) text[1] < 0xa0);
}

void utf8_clean (char *text, size_t size) {
  text[size - 1] = 0;
  while (*text != 0) {
    unsigned len = utf8_length (text);
    if (len == 0 || is_control (text)) {
      for (unsigned i = 0; i < (len == 0 ? 1 : len); i++) *text++ = '?';
    } else {
      text += len;
    }
  }
}

void utf8_print_json (FILE *out, const char *text) {
  fputc ('"', out);
  while (*text != 0) {
    unsigned len = utf8_length (text);
    if (len == 0) {
      fputs ("\\ufffd", out);
      text++;
    } else if (*text == '"' || *text == '\\') {
      fprintf (out, "\\%c", *text++);
    } else if ((unsigned char) *text < ' ') {
      fprintf (out, "\\u%04x", (unsigned) *text++);
    } else {
      fwrite (text, 1, len, out);
      text += len;
    }
  }
  fputc ('"', out);
}
