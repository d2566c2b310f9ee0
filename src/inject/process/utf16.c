/* Converts between UTF-8 and UTF-16.  */
#include "inject/process/utf16.h"

#include <stdlib.h>
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

wchar_t *utf16_of (const char *text) {
  int n = MultiByteToWideChar (CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
  wchar_t *wide = n > 0 ? malloc ((size_t) n * sizeof (*wide)) : NULL;
  if (wide != NULL) MultiByteToWideChar (CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, n);
  return wide;
}

char *utf16_to_utf8 (const wchar_t *text) {
  int n = WideCharToMultiByte (CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
  char *bytes = n > 0 ? malloc ((size_t) n) : NULL;
  if (bytes != NULL) WideCharToMultiByte (CP_UTF8, 0, text, -1, bytes, n, NULL, NULL);
  return bytes;
}
