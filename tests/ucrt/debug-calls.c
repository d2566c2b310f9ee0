/* What the tests of the debug C runtime share: its functions, and where its blocks come from.  */

#include "ucrt/debug-calls.h"

#include <stdlib.h>
#include <string.h>

#include "ucrt/fixture.h"
#include "support/tap.h"

/* The one function that is imported by name, so that the loader loads the runtime.  */
__declspec (dllimport) int fake_faults (void);

struct debug_crt debug;
int debug_is_ours, debug_invalid;

void debug_find (HMODULE dll, struct debug_crt *to) {
#define FIND(type, name, parameters)                     \
  {                                                      \
    FARPROC found = GetProcAddress (dll, #name);         \
    if (found == NULL) tap_note ("no %s", #name);        \
    memcpy ((void *) &to->name, &found, sizeof (found)); \
  }
  DEBUG_BLOCKS (FIND) DEBUG_STRINGS (FIND) DEBUG_STATE (FIND)
#undef FIND
}

int debug_begin (void) {
  const char *mode = getenv ("TEST_MODE");
  if (fake_faults () != 0 || fixture_load_late () != 0) return -1;
  debug_is_ours = mode != NULL && strcmp (mode, "first") == 0;
  debug_find (GetModuleHandleA ("ucrtbased.dll"), &debug);
  return 0;
}

int debug_is_filled (const void *block, int with, size_t from, size_t to) {
  for (; from < to; from++)
    if (((const unsigned char *) block)[from] != with) return 0;
  return 1;
}

int debug_is_made (void *block, size_t n) {
  if (block == NULL) return 0;
  memset (block, 0x5a, n);
  return (fixture_is_ours (block) > 0) == debug_is_ours;
}

int debug_error_is (int error) {
  int was = *debug._errno ();
  *debug._errno () = 0;
  if (was != error) tap_note ("errno %d, not %d", was, error);
  return was == error;
}

void __cdecl debug_count_invalid (const wchar_t *expression, const wchar_t *function,
                                  const wchar_t *file, unsigned line, uintptr_t reserved) {
  (void) expression;
  (void) function;
  (void) file;
  (void) line;
  (void) reserved;
  debug_invalid++;
}
