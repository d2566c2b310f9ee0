/* How new code becomes visible on aarch64.

   The builtin cleans and invalidates the caches of all cores.  A core may have prefetched the old
   instructions before that, from any executable address, and keeps them until it performs a context
   synchronization event (Arm Architecture Reference Manual, DDI 0487, B2, Concurrent modification
   and execution of instructions).  */
#include "os/os.h"

#include "os/translations.h"

void mir_os_clean_icache (void *start, void *bound) {
  __builtin___clear_cache ((char *) start, (char *) bound);
  mir_os_discard_translations (start, bound);
}
