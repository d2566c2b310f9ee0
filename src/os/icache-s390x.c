/* Caches are coherent, and a CPU sees its own stores.  But another CPU may have prefetched the old
   instructions, find a flag set which was stored after the new ones, branch there and still execute
   the old, until it performs a serializing operation (z/Architecture Principles of Operation,
   SA22-7832, chapter 5, Instruction Fetching).  */
#include "os.h"
#include "sync-cores.h"

void mir_os_flush_icache (void *start, void *bound) {
  (void) start, (void) bound;
  mir_os_sync_cores ();
}
