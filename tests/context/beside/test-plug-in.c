/* A plug-in's contexts in a process that has MIR: the shared library of contexts, loaded for the plug-in alone,
   is this library's, also where its functions call each other.  MIR is a stand-in.  Argument: that library.  */
#include "beside/stand-in/mir.h"

#include <dlfcn.h>
#include <string.h>

#include "mir-code.h"
#include "support/machine-code.h"
#include "support/tap.h"

static const char *path;

/* The functions of the library with these names; not those of the stand-in.  */
static struct {
  MIR_context_t (*init) (MIR_alloc_t, MIR_code_alloc_t);
  void (*finish) (MIR_context_t);
  MIR_code_space_t (*space) (MIR_context_t);
  uint8_t *(*publish) (MIR_context_t, const uint8_t *, size_t);
  void (*update) (MIR_context_t, uint8_t *, size_t, ...);
  void *(*thunk) (MIR_context_t);
  void (*redirect) (MIR_context_t, void *, void *);
} ours;

static void find (void *library, const char *name, void *func) {
  void *addr = dlsym (library, name);
  if (addr == NULL) tap_note ("%s", dlerror ());
  REQUIRE (addr != NULL);
  memcpy (func, &addr, sizeof (addr));
}

static void a_loaded_context_is_ours_and_the_programs_is_mirs (void) {
  void *library = dlopen (path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) tap_note ("%s", dlerror ());
  REQUIRE (library != NULL);
  find (library, "_MIR_init", &ours.init);
  find (library, "MIR_finish", &ours.finish);
  find (library, "MIR_get_code_space", &ours.space);
  find (library, "_MIR_publish_code", &ours.publish);
  find (library, "_MIR_update_code", &ours.update);
  find (library, "_MIR_get_thunk", &ours.thunk);
  find (library, "_MIR_redirect_thunk", &ours.redirect);
  MIR_context_t theirs = MIR_init2 (NULL, NULL), ctx = ours.init (NULL, NULL);
  REQUIRE (theirs != NULL && ctx != NULL);
  CHECK (theirs != ctx);
  uint8_t code[64] = {0}, *func;
  code_returning (code, 21);
  func = ours.publish (ctx, code, sizeof (code));
  CHECK_INT (code_call (func), 21);
  void *thunk = ours.thunk (ctx);
  ours.redirect (ctx, thunk, func);
  CHECK_INT (code_call (thunk), 21);
  stand_in_calls = 0;
  ours.update (ctx, func, (size_t) 1, (size_t) 32, (void *) code); /* calls _MIR_update_code_arr */
  CHECK_INT (stand_in_calls, 0);
  void *stored;
  memcpy (&stored, func + 32, sizeof (stored));
  CHECK_PTR (stored, code);
  CHECK_PTR (_MIR_publish_code (theirs, NULL, 1), stand_in_mark);
  ours.finish (ctx);
  CHECK_INT (stand_in_calls, 0);
  MIR_finish (theirs);
  CHECK_INT (stand_in_calls, 1);
  CHECK_INT (dlclose (library), 0);
}

int main (int argc, char **argv) {
  if (argc != 2) return 2;
  path = argv[1];
  TEST_RUN (a_loaded_context_is_ours_and_the_programs_is_mirs);
  return tap_done ();
}
