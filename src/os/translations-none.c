/* Translations for builds without valgrind's header: does nothing.  */
#include "os/translations.h"

void mir_os_discard_translations (void *start, void *bound) {
  (void) start, (void) bound;
}
