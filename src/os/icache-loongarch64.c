/* How new code becomes visible on loongarch64.

   The hardware keeps instruction and data caches coherent; IBAR, which the builtin is, has the core
   that executes it fetch what was stored before (LoongArch Reference Manual, volume 1, IBAR).  Linux
   6.8 has no membarrier that syncs cores here, so another core may execute what it has prefetched
   until it executes IBAR, too.  */
#include "os/os.h"

#include "os/translations.h"

void mir_os_clean_icache (void *start, void *bound) {
  __builtin___clear_cache ((char *) start, (char *) bound);
  mir_os_discard_translations (start, bound);
}
