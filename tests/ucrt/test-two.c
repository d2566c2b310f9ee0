/* Two CRTs in one process: TEST_SECOND is another copy of ucrtbase.dll, loaded after the DLL, or
   before it in the late mode.  Each keeps its errno and its handlers; blocks of one may be freed by
   the other.  */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "ucrt/fixture.h"
#include "support/tap.h"

static HMODULE second;

static void *find (const char *name) {
  FARPROC found = GetProcAddress (second, name);
  void *func;
  memcpy (&func, &found, sizeof (func));
  REQUIRE (func != NULL);
  return func;
}

#define SECOND(TYPE, NAME, PARAMETERS)    \
  TYPE (__cdecl *NAME) PARAMETERS;        \
  {                                       \
    void *func = find (&#NAME[7]);        \
    memcpy (&NAME, &func, sizeof (func)); \
  }

static void *old_block; /* of the second one */

static void load_second (void) {
  const char *path = getenv ("TEST_SECOND");
  REQUIRE (path != NULL);
  second = LoadLibraryA (path);
  if (second == NULL) tap_note ("LoadLibrary (%s): error %lu", path, GetLastError ());
  REQUIRE (second != NULL && second != GetModuleHandleA ("ucrtbase.dll"));
  SECOND (void *, second_malloc, (size_t) )
  old_block = second_malloc (100);
}

static void both_are_taken_over (void) {
  if (getenv ("TEST_LATE") != NULL) load_second (); /* it is already running */
  REQUIRE (fixture_load_late () == 0);
  if (getenv ("TEST_LATE") == NULL) load_second ();
  const MIR_ucrt_status_t *status = fixture_status ();
  REQUIRE (status != NULL);
  CHECK_INT (status->crts_num, 2);
  for (uint32_t i = 0; i < status->crts_num; i++) {
    CHECK_STR (fixture_state_name (status->crts[i].state), "active");
    tap_note ("%s: %s", status->crts[i].name, status->crts[i].reason);
  }
  SECOND (void *, second_malloc, (size_t) )
  SECOND (void *, second_realloc, (void *, size_t) )
  void *p = second_malloc (100), *q = malloc (100);
  CHECK_INT (fixture_is_ours (p), 1);
  CHECK_INT (fixture_is_ours (q), 1);
  free (p);
  p = second_realloc (q, 1000); /* across both */
  CHECK_INT (fixture_is_ours (p), 1);
  free (p);
  if (getenv ("TEST_LATE") != NULL) CHECK_INT (fixture_is_ours (old_block), 0);
  old_block = second_realloc (old_block, 1000);
  CHECK_INT (fixture_is_ours (old_block), 1);
  free (old_block);
  CHECK_INT (fixture_check (), 0);
}

static int new_calls[2];

static int __cdecl new_handler_first (size_t size) {
  (void) size;
  new_calls[0]++;
  return 0;
}

static int __cdecl new_handler_second (size_t size) {
  (void) size;
  new_calls[1]++;
  return 0;
}

static void each_has_its_errno_and_new_handler (void) {
  REQUIRE (second != NULL);
  SECOND (void *, second_malloc, (size_t) )
  SECOND (int *, second__errno, (void) )
  SECOND (int, second__set_new_mode, (int) )
  SECOND (void *, second__set_new_handler, (int (__cdecl *) (size_t)))
  HMODULE first = GetModuleHandleA ("ucrtbase.dll");
  FARPROC found = GetProcAddress (first, "_set_new_handler");
  void *(__cdecl * first_set) (int (__cdecl *) (size_t));
  memcpy (&first_set, &found, sizeof (found));
  first_set (new_handler_first);
  second__set_new_handler (new_handler_second);
  second__set_new_mode (1);
  *second__errno () = 5;
  errno = 6;
  CHECK_PTR (second_malloc (SIZE_MAX / 2), NULL);
  CHECK_INT (*second__errno (), ENOMEM);
  CHECK_INT (errno, 6);
  *second__errno () = 5;
  CHECK_PTR (malloc (SIZE_MAX / 2), NULL);
  CHECK_INT (*second__errno (), 5);
  CHECK_INT (errno, ENOMEM);
  CHECK_INT (new_calls[0], 0); /* its new mode is 0 */
  CHECK_INT (new_calls[1], 1);
}

int main (void) {
  TEST_RUN (both_are_taken_over);
  TEST_RUN (each_has_its_errno_and_new_handler);
  return tap_done ();
}
