/* A second copy of the DLL, from another folder, stands back.  TEST_LATE, TEST_SECOND: the two
   copies.  */

#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "ucrt/fixture.h"
#include "support/tap.h"

static const MIR_ucrt_status_t *status_of (HMODULE module) {
  const MIR_ucrt_status_t *(*status) (void) = NULL;
  FARPROC found = GetProcAddress (module, "MIR_ucrt_status");
  memcpy (&status, &found, sizeof (found));
  return status == NULL ? NULL : status ();
}

static int is_in (HMODULE module, const void *p) {
  unsigned char (*contains) (const void *) = NULL;
  FARPROC found = GetProcAddress (module, "mi_any_heap_contains");
  memcpy (&contains, &found, sizeof (found));
  return contains == NULL ? -1 : contains (p);
}

static void the_second_copy_stands_back (void) {
  const char *path = getenv ("TEST_SECOND");
  void *before_both = malloc (100);
  REQUIRE (path != NULL && fixture_load_late () == 0);
  HMODULE first = GetModuleHandleA (MIR_UCRT_DLL);
  REQUIRE (first != NULL && status_of (first) != NULL);
  CHECK_STR (fixture_state_name (status_of (first)->state), "active");
  void *between = malloc (100);
  HMODULE second = LoadLibraryA (path);
  CHECK (second != first);
  CHECK_INT (status_of (first)->loaded_twice, 1);
  CHECK_STR (fixture_state_name (status_of (first)->state), "active");
  if (second != NULL) { /* it may also refuse to be loaded */
    const MIR_ucrt_status_t *status = status_of (second);
    REQUIRE (status != NULL);
    CHECK_STR (fixture_state_name (status->state), "refused");
    CHECK (strlen (status->reason) > 10);
    tap_note ("the second says: %s", status->reason);
  }
  void *after = malloc (100);
  CHECK_INT (is_in (first, between), 1);
  CHECK_INT (is_in (first, after), 1);
  if (second != NULL) CHECK_INT (is_in (second, after), 0);
  before_both = realloc (before_both, 1000);
  between = realloc (between, 1000);
  CHECK_INT (is_in (first, before_both), 1);
  free (before_both);
  free (between);
  free (after);
  if (second != NULL) FreeLibrary (second);
  after = malloc (1000);
  CHECK_INT (is_in (first, after), 1);
  free (after);
}

int main (void) {
  TEST_RUN (the_second_copy_stands_back);
  return tap_done ();
}
