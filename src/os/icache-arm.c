/* How new code becomes visible on 32-bit arm.

   Programs may not maintain caches there, so the builtin asks the kernel (cacheflush,
   arch/arm/kernel/traps.c), which cleans and invalidates them for all cores.  A core may have
   prefetched the old instructions before that and keeps them until a context synchronization (Arm
   Architecture Reference Manual, DDI 0406C, A3.5.4).  CPUs before ARMv6 cache by virtual addresses:
   there the kernel maps what one process has mapped twice uncached (arch/arm/mm/fault-armv.c).  */
#include "os/os.h"

#include "os/translations.h"

void mir_os_clean_icache (void *start, void *bound) {
  __builtin___clear_cache ((char *) start, (char *) bound);
  mir_os_discard_translations (start, bound);
}
