/* The test calls that the DLL makes by itself after taking over a C runtime.  With
   MIR_UCRT_COUNT=1.  */

#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "ucrt/fixture.h"
#include "support/tap.h"

static const MIR_ucrt_function_t *function_of (const MIR_ucrt_status_t *status, const char *name) {
  for (uint32_t i = 0; i < status->functions_num; i++)
    if (strcmp (status->functions[i].name, name) == 0) return &status->functions[i];
  REQUIRE (!"there is such a function");
  return NULL;
}

static int is_heapmin (const MIR_ucrt_function_t *function) {
  return strcmp (function->name, "_heapmin") == 0 || strcmp (function->name, "_o__heapmin") == 0;
}

static void every_function_was_tried_and_none_is_counted (void) {
  const MIR_ucrt_status_t *status = fixture_status ();
  int tried = 0;
  REQUIRE (status != NULL && status->counting);
  for (uint32_t i = 0; i < status->functions_num; i++) {
    const MIR_ucrt_function_t *function = &status->functions[i];
    if (function->state != MIR_UCRT_TAKEN && function->state != MIR_UCRT_ALIAS) continue;
    int expected = is_heapmin (function) ? MIR_UCRT_UNTESTED : MIR_UCRT_PASSED;
    if (function->test != (uint32_t) expected) tap_note ("%s", function->name);
    CHECK_INT (function->test, expected);
    tried += function->test == MIR_UCRT_PASSED;
    if (strncmp (function->name, "_aligned_", 9) == 0) CHECK_INT (function->calls, 0);
  }
  CHECK (tried >= 15);
  CHECK_INT (function_of (status, "_recalloc")->calls, 0);
  CHECK_INT (function_of (status, "_expand")->calls, 0);
}

/* Overwrite the CRT's entry with a function that returns NULL.  */
static void wrong_function_is_noticed (void) {
  static const unsigned char nothing[] = {0x31, 0xc0, 0xc3}; /* xor eax, eax; ret */
  const MIR_ucrt_function_t *function = function_of (fixture_status (), "_aligned_offset_malloc");
  unsigned char *entry = (unsigned char *) (uintptr_t) function->address, old[sizeof (nothing)];
  DWORD protection;
  REQUIRE (VirtualProtect (entry, sizeof (nothing), PAGE_EXECUTE_READWRITE, &protection));
  memcpy (old, entry, sizeof (old));
  memcpy (entry, nothing, sizeof (nothing));
  int wrong = fixture_check ();
  uint32_t test = function->test, intact = fixture_status () != NULL && function->intact;
  memcpy (entry, old, sizeof (old));
  VirtualProtect (entry, sizeof (nothing), protection, &protection);
  CHECK (wrong >= 1); /* and its twin, where that is the same entry */
  CHECK_INT (test, MIR_UCRT_WRONG);
  CHECK_INT (intact, 0);
  CHECK_INT (fixture_check (), 0);
  CHECK_INT (function->test, MIR_UCRT_PASSED);
}

static void heapmin_is_tried_when_it_is_asked_for (void) {
  CHECK_INT (fixture_check (), 0);
  CHECK_INT (function_of (fixture_status (), "_heapmin")->test, MIR_UCRT_PASSED);
}

int main (void) {
  if (fixture_load_late () != 0) return 1;
  TEST_RUN (every_function_was_tried_and_none_is_counted);
  TEST_RUN (wrong_function_is_noticed);
  TEST_RUN (heapmin_is_tried_when_it_is_asked_for);
  return tap_done ();
}
