/* Tells valgrind about changed code.  */
#include "os/translations.h"

#include <valgrind/valgrind.h>

/* Outside valgrind a request is a few slow instructions without effect (Valgrind manual, 3.1, The
   Client Request mechanism).  */

int mir_os_is_translated (void) {
  return RUNNING_ON_VALGRIND != 0;
}

void mir_os_discard_translations (void *start, void *bound) {
  (void) start, (void) bound; /* for CPUs that the header does not know */
  VALGRIND_DISCARD_TRANSLATIONS (start, (char *) bound - (char *) start);
}
