/* Tells valgrind about changed code.  */
#include "os/translations.h"

#include <valgrind/valgrind.h>

/* Outside valgrind the request is a few instructions without effect (Valgrind manual, 3.1, The
   Client Request mechanism).  */
void mir_os_discard_translations (void *start, void *bound) {
  (void) start, (void) bound; /* for CPUs that the header does not know */
  VALGRIND_DISCARD_TRANSLATIONS (start, (char *) bound - (char *) start);
}
