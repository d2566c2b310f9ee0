/* How new code becomes visible where the compiler knows how to clean the caches, for example by
   sys_icache_invalidate on macOS.  */
#include "os/os.h"

#include "os/translations.h"

void mir_os_clean_icache (void *start, void *bound) {
  __builtin___clear_cache ((char *) start, (char *) bound);
  mir_os_discard_translations (start, bound);
}
