/* Which heap the C runtime has, as docs/windows-override.md says it of each: Wine's had one of its
   own up to Wine 8; every other has the process heap.  */

#include <malloc.h>
#include <stdlib.h>

#include "ucrt/fixture.h"
#include "support/tap.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

/* The major version of the Wine whose own runtime this is; 0 for Microsoft's.  */
static int wine_version (void) {
  const char *(__cdecl * version) (void) = (const char *(__cdecl *) (void) ) (
      void (*) (void)) GetProcAddress (GetModuleHandleA ("ntdll.dll"), "wine_get_version");
  if (version == NULL || getenv ("TEST_CRT_COMPLETE") != NULL) return 0;
  return atoi (version ());
}

static void heap_is_the_one_that_the_docs_name (void) {
  int version = wine_version ();
  HANDLE heap = (HANDLE) _get_heap_handle ();
  tap_note ("%s %d: %s", version == 0 ? "Microsoft's" : "Wine", version,
            heap == GetProcessHeap () ? "the process heap" : "a heap of its own");
  if (version == 9) tap_skip ("not known of Wine 9");
  int is_own = version != 0 && version <= 8;
  CHECK_INT (heap != GetProcessHeap (), is_own);
  CHECK (HeapValidate (heap, 0, NULL));
  void *block = malloc (100);
  CHECK (HeapSize (heap, 0, block) == 100);
  free (block);
}

int main (void) {
  TEST_RUN (heap_is_the_one_that_the_docs_name);
  return tap_done ();
}
