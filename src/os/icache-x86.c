/* Instruction fetch is coherent with the stores of all cores (Intel SDM volume 3, 9.1.3 and
   12.6, Self-Modifying Code).  What one core has prefetched is dropped when it stores to the
   address that it executes, but not when the store came by another mapping or from another core:
   those need a serializing instruction, for which there is mir_os_sync_cores.  */
#include "os/os.h"

#include "os/translations.h"

void mir_os_clean_icache (void *start, void *bound) {
  __builtin___clear_cache ((char *) start, (char *) bound); /* no instructions; orders the stores */
  mir_os_discard_translations (start, bound);
}
