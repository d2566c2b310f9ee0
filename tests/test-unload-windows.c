/* The DLL is loaded and freed again and again, as a plug-in is: nothing grows, and it stays for the
   threads that have used it.  Its path is the first argument.  */
#include "mir.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "machine-code.h"
#include "maps-windows.h"
#include "tap.h"

static const char *library;

struct functions {
  MIR_context_t (*init) (MIR_alloc_t, MIR_code_alloc_t);
  uint8_t *(*publish) (MIR_context_t, const uint8_t *, size_t);
  MIR_alloc_t (*get_alloc) (MIR_context_t);
  void (*finish) (MIR_context_t);
};

static int find (HMODULE module, const char *name, void *func) {
  FARPROC addr = GetProcAddress (module, name);
  memcpy (func, &addr, sizeof (addr));
  return addr != NULL;
}

/* One life of the library; 1 if all went well.  */
static int use_once (void) {
  struct functions f;
  uint8_t code[CODE_LEN];
  HMODULE module = LoadLibraryA (library);
  if (module == NULL || !find (module, "_MIR_init", &f.init)
      || !find (module, "_MIR_publish_code", &f.publish)
      || !find (module, "MIR_get_alloc", &f.get_alloc) || !find (module, "MIR_finish", &f.finish))
    return 0;
  MIR_context_t ctx = f.init (NULL, NULL);
  code_returning (code, 3);
  int well = ctx != NULL && code_call (f.publish (ctx, code, CODE_LEN)) == 3;
  void *block = MIR_malloc (f.get_alloc (ctx), 1000000);
  well &= block != NULL;
  MIR_free (f.get_alloc (ctx), block);
  f.finish (ctx);
  return well && FreeLibrary (module);
}

static void *use_in_thread (void *arg) {
  *(int *) arg = use_once ();
  return NULL;
}

/* The thread ends after the library is freed: whatever runs at its end must still be there.  */
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

static void loading_100_times_takes_nothing_more (void) {
  load (5);
  struct taken before = look_around ();
  load (100);
  struct taken after = look_around ();
  tap_note ("%zu bytes taken before, %zu after", before.bytes, after.bytes);
  CHECK (after.bytes <= before.bytes + 4 * 1024 * 1024);
  CHECK_INT (after.views, before.views);
}

int main (int argc, char **argv) {
  if (argc != 2) return 2;
  library = argv[1];
  TEST_RUN (loading_100_times_takes_nothing_more);
  return tap_done ();
}
