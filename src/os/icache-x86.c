/* How new code becomes visible on x86.

   Instruction fetch is coherent with the stores of all cores (Intel SDM volume 3, 9.1.3 and 12.6,
   Self-Modifying Code).  A core drops prefetched instructions when it stores to the address that it
   executes from, but not when the store uses another mapping or comes from another core: these
   cases need a serializing instruction, which mir_os_sync_cores provides.  */
#include "os/os.h"

#include "os/translations.h"

atomic_int mir_os_may_be_translated = 1;

void mir_os_clean_translations (void *start, void *bound) {
  if (mir_os_is_translated ())
    mir_os_discard_translations (start, bound);
  else
    atomic_store_explicit (&mir_os_may_be_translated, 0, memory_order_relaxed);
}
