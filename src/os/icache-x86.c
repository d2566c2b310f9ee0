/* How new code becomes visible on x86.

   Instruction fetch is coherent with the stores of all cores (Intel SDM volume 3, 9.1.3 and 12.6,
   Self-Modifying Code).  A core drops prefetched instructions when it stores to the address that it
   executes from, but not when the store uses another mapping or comes from another core: these
   cases need a serializing instruction, which mir_os_sync_cores provides.  */
#include "os/os.h"

#include "os/translations.h"

void mir_os_clean_icache (void *start, void *bound) {
  __builtin___clear_cache ((char *) start, (char *) bound); /* only orders the stores */
  mir_os_discard_translations (start, bound);
}
