/* Tells valgrind about changed code.  */
#include "os/translations.h"

#include <stdatomic.h>

#include <valgrind/valgrind.h>

/* Whether this is valgrind; 0: not asked yet, 1: no, 2: yes.  */
static atomic_int valgrind_known;

/* Outside valgrind a request is a few slow instructions without effect (Valgrind manual, 3.1, The
   Client Request mechanism).  */
static int is_valgrind (void) {
  int answer = atomic_load_explicit (&valgrind_known, memory_order_relaxed);
  if (answer == 0) {
    answer = RUNNING_ON_VALGRIND ? 2 : 1;
    atomic_store_explicit (&valgrind_known, answer, memory_order_relaxed);
  }
  return answer == 2;
}

void mir_os_discard_translations (void *start, void *bound) {
  (void) start, (void) bound; /* for CPUs that the header does not know */
  if (is_valgrind ()) VALGRIND_DISCARD_TRANSLATIONS (start, (char *) bound - (char *) start);
}
