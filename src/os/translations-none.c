/* Translations for builds without valgrind's header: does nothing.  */
#include "os/translations.h"

int mir_os_is_translated (void) {
  return 0;
}

void mir_os_discard_translations (void *start, void *bound) {
  (void) start, (void) bound;
}
