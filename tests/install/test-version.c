/* The header, the library and the build state the same version.  The argument is the build's.  */
#include "mir-alloc-api.h"

#include <stdio.h>

#include "support/tap.h"

static const char *built_version;

static void header_states_the_version_of_the_build (void) {
  CHECK_STR (MIR_ALLOC_VERSION_STRING, built_version);
}

static void library_states_the_version_of_the_header (void) {
  CHECK_INT (MIR_alloc_version (), MIR_ALLOC_VERSION);
}

static void number_and_text_are_the_same_version (void) {
  char text[40];
  snprintf (text, sizeof (text), "%d.%d.%d", MIR_ALLOC_VERSION / 10000,
            MIR_ALLOC_VERSION / 100 % 100, MIR_ALLOC_VERSION % 100);
  CHECK_STR (MIR_ALLOC_VERSION_STRING, text);
}

/* Programs compare versions before they compile.  */
#if MIR_ALLOC_VERSION < 10000
#error "there was no version before 1.0.0"
#endif

int main (int argc, char **argv) {
  built_version = argc == 2 ? argv[1] : "no version";
  TEST_RUN (header_states_the_version_of_the_build);
  TEST_RUN (library_states_the_version_of_the_header);
  TEST_RUN (number_and_text_are_the_same_version);
  return tap_done ();
}
