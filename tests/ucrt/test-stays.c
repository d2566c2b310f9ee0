/* What stays where it is: the DLL, however often it is freed, because the C runtime's functions
   lead into it; and blocks from before it that nobody reallocates.  */

#include <stdlib.h>
#include <string.h>

#include "ucrt/fixture.h"
#include "support/tap.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

static void freeing_it_does_not_unload_it (void) {
  HMODULE dll = GetModuleHandleA (MIR_UCRT_DLL);
  REQUIRE (dll != NULL);
  for (int i = 0; i < 1000; i++) FreeLibrary (dll);
  CHECK (GetModuleHandleA (MIR_UCRT_DLL) == dll);
  void *volatile block = malloc (100);
  CHECK_INT (fixture_is_ours (block), 1);
  free (block);
  CHECK_INT (fixture_check (), 0);
}

/* A runtime that was taken over at its start is not pinned; one that runs already is.  */
static void nor_does_it_the_runtime (void) {
  const MIR_ucrt_status_t *status = fixture_status ();
  REQUIRE (status != NULL);
  if (!status->crts[0].late) tap_skip ("the runtime was not running yet");
  HMODULE crt = GetModuleHandleA ("ucrtbase.dll");
  for (int i = 0; i < 1000; i++) FreeLibrary (crt);
  CHECK (GetModuleHandleA ("ucrtbase.dll") == crt);
  free (malloc (100));
}

static unsigned char *old;

static void a_block_that_is_only_read_stays (void) {
  if (getenv ("TEST_LATE") == NULL) tap_skip ("the DLL was there before every block");
  for (int i = 0; i < 1000; i++) {
    CHECK_INT (old[i % 100], i % 100);
    CHECK_INT (_msize (old), 100);
    free (malloc ((size_t) i));
  }
  CHECK_INT (fixture_is_ours (old), 0);
  old = realloc (old, 200);
  REQUIRE (old != NULL);
  CHECK_INT (fixture_is_ours (old), 1);
  for (int i = 0; i < 100; i++) CHECK_INT (old[i], i);
}

int main (void) {
  old = malloc (100);
  if (old == NULL) return 1;
  for (int i = 0; i < 100; i++) old[i] = (unsigned char) i;
  if (fixture_load_late () != 0) return 1;
  TEST_RUN (freeing_it_does_not_unload_it);
  TEST_RUN (nor_does_it_the_runtime);
  TEST_RUN (a_block_that_is_only_read_stays);
  free (old);
  return tap_done ();
}
