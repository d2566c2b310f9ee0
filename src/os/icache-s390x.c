/* How new code becomes visible on s390x.

   Caches are coherent, and a CPU sees its own stores.  But another CPU may have prefetched the old
   instructions.  Even if it then reads a flag that was stored after the new ones, and branches
   there, it may execute the old ones until it performs a serializing operation (z/Architecture
   Principles of Operation, SA22-7832, chapter 5, Instruction Fetching).  */
#include "os/os.h"

#include "os/translations.h"

void mir_os_clean_icache (void *start, void *bound) {
  /* Serializes, also after a store by another mapping.  */
  __asm__ volatile ("bcr 15, 0" : : : "memory");
  mir_os_discard_translations (start, bound);
}
