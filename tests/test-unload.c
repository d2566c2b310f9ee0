/* The shared library is loaded and unloaded again and again, as a plug-in is: nothing grows.
   Its path is the first argument.  */
#include "mir.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "machine-code.h"
#include "tap.h"

static const char *library;

struct memory {
  size_t mapped, resident; /* pages */
};

/* From /proc/self/statm: total program size and resident set size, in pages (proc(5)).  */
static struct memory memory_now (void) {
  struct memory now = {0, 0};
  FILE *file = fopen ("/proc/self/statm", "r");
  REQUIRE (file != NULL);
  REQUIRE (fscanf (file, "%zu %zu", &now.mapped, &now.resident) == 2);
  fclose (file);
  return now;
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

static void loading_100_times_does_not_grow (void) {
  enum { WARM_UP = 5, TIMES = 100 };
  for (int i = 0; i < WARM_UP; i++) REQUIRE (use_once () && use_once_in_a_thread ());
  struct memory before = memory_now ();
  for (int i = 0; i < TIMES; i++) REQUIRE (use_once () && use_once_in_a_thread ());
  struct memory after = memory_now ();
  tap_note ("mapped pages %zu before, %zu after; resident %zu and %zu", before.mapped, after.mapped,
            before.resident, after.resident);
  CHECK (after.mapped <= before.mapped + 1024);
  CHECK (after.resident <= before.resident + 256);
}

int main (int argc, char **argv) {
  if (argc != 2) return 2;
  library = argv[1];
  TEST_RUN (loading_100_times_does_not_grow);
  return tap_done ();
}
