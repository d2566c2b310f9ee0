/* Caches are coherent, and a CPU sees its own stores.  But another CPU may have prefetched the old
   instructions, find a flag set which was stored after the new ones, branch there and still execute
   the old, until it performs a serializing operation (z/Architecture Principles of Operation,
   SA22-7832, chapter 5, Instruction Fetching).  */
#include "os/os.h"

#include "os/translations.h"

void mir_os_clean_icache (void *start, void *bound) {
  __asm__ volatile("bcr 15, 0" : : : "memory"); /* serializes: the store may be another mapping's */
  mir_os_discard_translations (start, bound);
}
