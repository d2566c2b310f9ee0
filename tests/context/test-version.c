/* A header and a library with different versions of the interface: MIR_init2 ends the process,
   since no result would be safe.  This file stands in for the library.  */
#include "mir.h"

#include <string.h>

#include "support/child.h"
#include "support/tap.h"

static double version_of_library;
static int inits;

double _MIR_get_api_version (void) {
  return version_of_library;
}

MIR_context_t _MIR_init (MIR_alloc_t alloc, MIR_code_alloc_t code_alloc) {
  (void) alloc;
  (void) code_alloc;
  inits++;
  return NULL;
}

static void the_same_version_is_let_through (void) {
  version_of_library = MIR_API_VERSION;
  CHECK (MIR_init () == NULL);
  CHECK_INT (inits, 1);
}

static int init_of_another_version (void) {
  version_of_library = MIR_API_VERSION + 1;
  MIR_init ();
  return 99;
}

static void another_version_ends_the_process_with_a_line (void) {
  char text[200];
  CHECK_INT (run_child (init_of_another_version, text, sizeof (text)).status, 1);
  CHECK (strstr (text, "API version") != NULL);
}

int main (void) {
  TEST_RUN (the_same_version_is_let_through);
  TEST_RUN (another_version_ends_the_process_with_a_line);
  return tap_done ();
}
