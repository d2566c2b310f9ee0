#include "os/translations.h"

#include <valgrind/valgrind.h>

/* A few instructions without effect when it is not valgrind that runs them (Valgrind manual, 3.1,
   The Client Request mechanism).  */
void mir_os_discard_translations (void *start, void *bound) {
  (void) start, (void) bound; /* for CPUs which the header does not know */
  VALGRIND_DISCARD_TRANSLATIONS (start, (char *) bound - (char *) start);
}
