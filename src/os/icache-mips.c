/* How new code becomes visible on mips and mips64.

   The builtin calls the C library's _flush_cache, and that the kernel (cacheflush), which writes
   back the data caches and invalidates the instruction caches of all cores
   (arch/mips/mm/c-r4k.c).  Where caches have aliases, the kernel gives two mappings of a page
   addresses of one colour, and refuses others.  Linux 6.8 has no membarrier that syncs cores here,
   so another core may execute what it has prefetched until its next exception return (MIPS
   Architecture for Programmers, volume II, JALR.HB and ERET).  */
#include "os/os.h"

#include "os/translations.h"

void mir_os_clean_icache (void *start, void *bound) {
  __builtin___clear_cache ((char *) start, (char *) bound);
  mir_os_discard_translations (start, bound);
}
