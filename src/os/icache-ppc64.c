/* How new code becomes visible on ppc64 and ppc.

   The sequence is that of the Power ISA, Book II, Instruction Storage: it writes the new
   instructions to memory and invalidates the old ones in the instruction caches of all cores; the
   last isync drops what this core has prefetched.  GCC's __builtin___clear_cache, and __clear_cache
   in its libgcc, do nothing on this CPU.  */
#include "os/os.h"

#include <stdint.h> /* uintptr_t */

#include "os/translations.h"

/* Bytes, at most the cache block of any core (128 on POWER, 64 or 32 on others).  Visiting
   a block twice costs only time.  */
enum { STEP = 32 };

void mir_os_clean_icache (void *start, void *bound) {
  uintptr_t first = (uintptr_t) start & ~(uintptr_t) (STEP - 1), end = (uintptr_t) bound;
  for (uintptr_t addr = first; addr < end; addr += STEP)
    __asm__ volatile ("dcbst 0, %0" : : "r"(addr) : "memory");
  __asm__ volatile ("sync" : : : "memory");
  for (uintptr_t addr = first; addr < end; addr += STEP)
    __asm__ volatile ("icbi 0, %0" : : "r"(addr) : "memory");
  __asm__ volatile ("sync; isync" : : : "memory"); /* sync: until all cores have seen the icbi */
  mir_os_discard_translations (start, bound);
}
