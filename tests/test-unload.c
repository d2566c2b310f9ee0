/* The shared library is loaded and unloaded again and again, as a plug-in is: nothing grows.
   Its path is the first argument.  */
#include "mir.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine-code.h"
#include "tap.h"

static const char *library;

/* Bytes mapped by this process: the ranges of /proc/self/maps (proc(5)), which qemu-user shows
   without its own.  */
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

/* Bytes of them in memory: the second number of /proc/self/statm, in pages (proc(5)).  */
static size_t resident_bytes (void) {
  size_t mapped, resident;
  FILE *file = fopen ("/proc/self/statm", "r");
  REQUIRE (file != NULL);
  REQUIRE (fscanf (file, "%zu %zu", &mapped, &resident) == 2);
  fclose (file);
  return resident * (size_t) sysconf (_SC_PAGESIZE);
}

struct functions {
  MIR_context_t (*init) (MIR_alloc_t, MIR_code_alloc_t);
  uint8_t *(*publish) (MIR_context_t, const uint8_t *, size_t);
  MIR_alloc_t (*get_alloc) (MIR_context_t);
  void (*finish) (MIR_context_t);
};

static int find (void *handle, const char *name, void *func) {
  void *addr = dlsym (handle, name);
  memcpy (func, &addr, sizeof (addr));
  return addr != NULL;
}

/* One life of the library; 1 if all went well.  */
static int use_once (void) {
  struct functions f;
  uint8_t code[CODE_LEN];
  void *handle = dlopen (library, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL || !find (handle, "_MIR_init", &f.init)
      || !find (handle, "_MIR_publish_code", &f.publish)
      || !find (handle, "MIR_get_alloc", &f.get_alloc) || !find (handle, "MIR_finish", &f.finish)) {
    tap_note ("%s", dlerror ());
    return 0;
  }
  MIR_context_t ctx = f.init (NULL, NULL);
  code_returning (code, 3);
  int well = ctx != NULL && code_call (f.publish (ctx, code, CODE_LEN)) == 3;
  void *block = MIR_malloc (f.get_alloc (ctx), 1000000);
  well &= block != NULL;
  MIR_free (f.get_alloc (ctx), block);
  f.finish (ctx);
  return well && dlclose (handle) == 0;
}

static void *use_in_thread (void *arg) {
  *(int *) arg = use_once ();
  return NULL;
}

/* The thread ends after the library is closed: whatever runs at its end must still be there.  */
static int use_once_in_a_thread (void) {
  pthread_t thread;
  int well = 0;
  if (pthread_create (&thread, NULL, use_in_thread, &well) != 0) return 0;
  pthread_join (thread, NULL);
  return well;
}

static void load (int times) {
  for (int i = 0; i < times; i++) REQUIRE (use_once () && use_once_in_a_thread ());
}

enum { WARM_UP = 5, TIMES = 100, MIB = 1024 * 1024 };

static void loading_100_times_maps_nothing_more (void) {
  load (WARM_UP);
  size_t before = mapped_bytes ();
  load (TIMES);
  size_t after = mapped_bytes ();
  tap_note ("%zu bytes mapped before, %zu after", before, after);
  CHECK (after <= before + 4 * MIB);
}

static void loading_100_times_keeps_nothing_more_in_memory (void) {
  /* Set by meson for tests of another CPU; qemu-user's statm is about itself and its translations.
   */
  if (getenv ("MESON_EXE_WRAPPER") != NULL) tap_skip ("an emulator's memory is counted, too");
  load (WARM_UP);
  size_t before = resident_bytes ();
  load (TIMES);
  size_t after = resident_bytes ();
  tap_note ("%zu bytes resident before, %zu after", before, after);
  CHECK (after <= before + MIB);
}

int main (int argc, char **argv) {
  if (argc != 2) return 2;
  library = argv[1];
  TEST_RUN (loading_100_times_maps_nothing_more);
  TEST_RUN (loading_100_times_keeps_nothing_more_in_memory);
  return tap_done ();
}
