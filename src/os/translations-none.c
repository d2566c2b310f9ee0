#include "os/translations.h"

/* Built without valgrind's header.  */
void mir_os_discard_translations (void *start, void *bound) {
  (void) start, (void) bound;
}
