/* What the programs that test mir-ucrt.dll share.  */

#include "ucrt/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

int fixture_load_late (void) {
  const char *path = getenv ("TEST_LATE");
  if (path == NULL) return 0;
  if (LoadLibraryA (path) != NULL) return 0;
  (void) fprintf (stderr, "LoadLibrary (%s): error %lu\n", path, GetLastError ());
  return -1;
}

/* Find the function NAME of the DLL; FUNC points to a function pointer.  1, or 0 if there is
   none.  */
static int find (const char *name, void *func) {
  HMODULE module = GetModuleHandleA (MIR_UCRT_DLL);
  if (module == NULL) return 0;
  FARPROC found = GetProcAddress (module, name);
  memcpy (func, &found, sizeof (found));
  return found != NULL;
}

const MIR_ucrt_status_t *fixture_status (void) {
  const MIR_ucrt_status_t *(*status) (void);
  return find ("MIR_ucrt_status", &status) ? status () : NULL;
}

int fixture_check (void) {
  int (*check) (void);
  return find ("MIR_ucrt_check", &check) ? check () : -2;
}

int fixture_is_ours (const void *p) {
  unsigned char (*contains) (const void *);
  return find ("mi_any_heap_contains", &contains) ? contains (p) : -1;
}

uint64_t fixture_counter (size_t offset) {
  const MIR_ucrt_status_t *status = fixture_status ();
  uint64_t sum = 0;
  for (int i = 0; status != NULL && i < MIR_UCRT_STRIPES; i++) {
    const volatile uint64_t *counter =
        (const volatile uint64_t *) ((const char *) &status->counters[i] + offset);
    sum += *counter;
  }
  return sum;
}

int fixture_expects_dll (void) {
  const char *mode = getenv ("TEST_MODE");
  return mode != NULL && strcmp (mode, "none") != 0;
}

const char *fixture_state_name (uint32_t state) {
  static const char *const names[] = {"starting", "active",  "waiting",
                                      "disabled", "refused", "failed"};
  return state < sizeof (names) / sizeof (names[0]) ? names[state] : "of no known state";
}
