/* The life of a plug-in: the shared library is loaded, used and freed.  The including test defines the three
   functions that depend on the system, after the #include.  */
#ifndef MIR_TESTS_INSTALL_UNLOAD_FIXTURE_H
#define MIR_TESTS_INSTALL_UNLOAD_FIXTURE_H

#include "mir.h"

#include <pthread.h>

#include "support/machine-code.h"
#include "support/tap.h"

/* NULL on failure.  */
static void *load_library (void);
/* Set the function pointer at FUNC to the function NAME; 0 if the library has none.  */
static int find (void *library, const char *name, void *func);
/* 1 on success, 0 on failure.  */
static int free_library (void *library);

struct functions {
  MIR_context_t (*init) (MIR_alloc_t, MIR_code_alloc_t);
  uint8_t *(*publish) (MIR_context_t, const uint8_t *, size_t);
  MIR_alloc_t (*get_alloc) (MIR_context_t);
  void (*finish) (MIR_context_t);
};

/* Load, use and free the library once; 1 on success, 0 on failure.  */
static int use_once (void) {
  struct functions f;
  uint8_t code[CODE_LEN];
  void *library = load_library ();
  if (library == NULL || !find (library, "_MIR_init", &f.init)
      || !find (library, "_MIR_publish_code", &f.publish)
      || !find (library, "MIR_get_alloc", &f.get_alloc) || !find (library, "MIR_finish", &f.finish))
    return 0;
  MIR_context_t ctx = f.init (NULL, NULL);
  code_returning (code, 3);
  int well = ctx != NULL && code_call (f.publish (ctx, code, CODE_LEN)) == 3;
  void *block = MIR_malloc (f.get_alloc (ctx), 1000000);
  well &= block != NULL;
  MIR_free (f.get_alloc (ctx), block);
  f.finish (ctx);
  return well && free_library (library);
}

static void *use_in_thread (void *arg) {
  *(int *) arg = use_once ();
  return NULL;
}

/* The thread ends after the library is freed: functions that run at the thread's end must still be mapped.  */
static int use_once_in_a_thread (void) {
  pthread_t thread;
  int well = 0;
  if (pthread_create (&thread, NULL, use_in_thread, &well) != 0) return 0;
  pthread_join (thread, NULL);
  return well;
}

static void use (int times) {
  for (int i = 0; i < times; i++) REQUIRE (use_once () && use_once_in_a_thread ());
}

#endif /* MIR_TESTS_INSTALL_UNLOAD_FIXTURE_H */
