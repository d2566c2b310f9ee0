/* CPUs for which the compiler knows all there is to do: nothing on x86, which keeps instruction
   fetch coherent by itself; sys_icache_invalidate on macOS.  */
#include "os.h"

void mir_os_flush_icache (void *start, void *bound) {
  __builtin___clear_cache ((char *) start, (char *) bound);
}
