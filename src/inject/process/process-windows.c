/* The arguments of main on Windows.  */
#include "inject/process/commands.h"

#include <stdlib.h>
#include <windows.h>
#include <shellapi.h> /* CommandLineToArgvW */

#include "inject/process/utf16.h"

char **process_arguments (int *argc, char **argv) {
  int n = 0;
  wchar_t **wide = CommandLineToArgvW (GetCommandLineW (), &n);
  char **utf8 = wide == NULL ? NULL : calloc ((size_t) n + 1, sizeof (*utf8));
  int ok = utf8 != NULL;
  for (int i = 0; ok && i < n; i++) ok = (utf8[i] = utf16_to_utf8 (wide[i])) != NULL;
  LocalFree (wide);
  if (!ok) return argv; /* leaks, but without memory nothing else works either */
  *argc = n;
  return utf8;
}
