/* Tests that the shared library can be loaded and unloaded repeatedly, like a plug-in: memory does not grow.
   The first argument is the library's path.  */
#include "install/unload-fixture.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *path;

static void *load_library (void) {
  void *library = dlopen (path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) tap_note ("%s", dlerror ());
  return library;
}

static int find (void *library, const char *name, void *func) {
  void *addr = dlsym (library, name);
  if (addr == NULL) tap_note ("%s", dlerror ());
  memcpy (func, &addr, sizeof (addr));
  return addr != NULL;
}

static int free_library (void *library) {
  return dlclose (library) == 0;
}

/* Bytes that this process has mapped: the ranges in /proc/self/maps (proc(5)), from which qemu-user omits its
   own.  */
static size_t mapped_bytes (void) {
  size_t sum = 0;
  unsigned long start, bound;
  FILE *file = fopen ("/proc/self/maps", "r");
  REQUIRE (file != NULL);
  while (fscanf (file, "%lx-%lx%*[^\n]", &start, &bound) == 2) sum += bound - start;
  fclose (file);
  REQUIRE (sum != 0);
  return sum;
}

/* Bytes that are resident: the second number in /proc/self/statm, in pages (proc(5)).  */
static size_t resident_bytes (void) {
  size_t mapped, resident;
  FILE *file = fopen ("/proc/self/statm", "r");
  REQUIRE (file != NULL);
  REQUIRE (fscanf (file, "%zu %zu", &mapped, &resident) == 2);
  fclose (file);
  return resident * (size_t) sysconf (_SC_PAGESIZE);
}

enum { WARM_UP = 5, TIMES = 100, MIB = 1024 * 1024 };

static void loading_100_times_maps_nothing_more (void) {
  use (WARM_UP);
  size_t before = mapped_bytes ();
  use (TIMES);
  size_t after = mapped_bytes ();
  tap_note ("%zu bytes mapped before, %zu after", before, after);
  CHECK (after <= before + 4 * MIB);
}

static void loading_100_times_keeps_nothing_more_in_memory (void) {
  /* meson sets this for tests of another CPU; under qemu-user statm counts the emulator and its translations.  */
  if (getenv ("MESON_EXE_WRAPPER") != NULL) tap_skip ("the emulator's memory is counted, too");
  use (WARM_UP);
  size_t before = resident_bytes ();
  use (TIMES);
  size_t after = resident_bytes ();
  tap_note ("%zu bytes resident before, %zu after", before, after);
  CHECK (after <= before + MIB);
}

int main (int argc, char **argv) {
  if (argc != 2) return 2;
  path = argv[1];
  TEST_RUN (loading_100_times_maps_nothing_more);
  TEST_RUN (loading_100_times_keeps_nothing_more_in_memory);
  return tap_done ();
}
