/* A program in C with the shared library: it starts without an unwinder, describes frames all the same, and a
   C++ plug-in that is loaded later throws through them.  Arguments: the plug-in; whether the program has a
   sanitizer's runtime library, which brings an unwinder.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_DEFAULT, RTLD_NOLOAD */
#endif
#include "tools/tools-fixture.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>

#include "mir-heap.h"

#include "unwind-plug-in.h"

static const char *plug_in;
static int is_alone; /* nothing else in this program needs an unwinder */

static void starts_without_an_unwinder (void) {
  if (!is_alone) tap_skip ("a sanitizer brings one");
  MIR_alloc_t alloc = MIR_default_alloc ();
  void *block = MIR_malloc (alloc, 100);
  REQUIRE (block != NULL);
  MIR_free (alloc, block);
  CHECK_PTR (dlopen ("libgcc_s.so.1", RTLD_NOLOAD | RTLD_NOW), NULL);
  CHECK_PTR (dlsym (RTLD_DEFAULT, "_Unwind_Backtrace"), NULL);
}

static void exceptions_of_a_later_plug_in_pass_through (void) {
  if (FRAME_CODE_LEN == 0) tap_skip ("no code with frames for this CPU");
  REQUIRE (begin (MIR_CODE_FRAMES, NULL, NULL) == MIR_CODE_TOOL_OK);
  REQUIRE (state_of (MIR_CODE_FRAMES).status == MIR_CODE_TOOL_OK);
  void *library = dlopen (plug_in, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) tap_note ("%s", dlerror ());
  REQUIRE (library != NULL);
  void *symbol = dlsym (library, "catch_through");
  catch_through_t *catches;
  calls_back_t func;
  memcpy (&catches, &symbol, sizeof (catches));
  memcpy (&func, &mapping, sizeof (func));
  CHECK_INT (catches (func), 42);
  end ();
}

int main (int argc, char **argv) {
  if (argc < 3) return 1;
  plug_in = argv[1];
  is_alone = strcmp (argv[2], "alone") == 0;
  TEST_RUN (starts_without_an_unwinder);
  TEST_RUN (exceptions_of_a_later_plug_in_pass_through);
  return tap_done ();
}
