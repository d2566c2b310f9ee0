/* Tests that the DLL can be loaded and freed repeatedly, like a plug-in: memory does not grow, and the DLL stays
   loaded for threads that have used it.  The first argument is the DLL's path.  */
#include "install/unload-fixture.h"

#include <string.h>

#include "support/maps-windows.h"

static const char *path;

static void *load_library (void) {
  /* From its own folder: one DLL needs the other.  */
  return LoadLibraryExA (path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
}

static int find (void *library, const char *name, void *func) {
  FARPROC addr = GetProcAddress (library, name);
  memcpy (func, &addr, sizeof (addr));
  return addr != NULL;
}

static int free_library (void *library) {
  return FreeLibrary (library);
}

static void loading_100_times_takes_nothing_more (void) {
  use (5);
  struct taken before = look_around ();
  use (100);
  struct taken after = look_around ();
  tap_note ("%zu bytes taken before, %zu after", before.bytes, after.bytes);
  CHECK (after.bytes <= before.bytes + 4 * 1024 * 1024);
  CHECK_INT (after.views, before.views);
}

int main (int argc, char **argv) {
  if (argc != 2) return 2;
  path = argv[1];
  TEST_RUN (loading_100_times_takes_nothing_more);
  return tap_done ();
}
