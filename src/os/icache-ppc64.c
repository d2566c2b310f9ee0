/* The sequence of the Power ISA, Book II, Instruction Storage: the new instructions go to memory,
   the old ones leave the instruction caches of all cores, and every core drops what it prefetched.
   GCC's __builtin___clear_cache, and __clear_cache in its libgcc, do nothing on this CPU.  */
#include "os/os.h"

#include <stdint.h> /* uintptr_t */

#include "os/translations.h"

/* Bytes.  Not more than any 64-bit core's cache block has (128 on POWER, 64 on embedded cores): a
   block that is met twice costs time only.  */
enum { STEP = 32 };

void mir_os_clean_icache (void *start, void *bound) {
  uintptr_t first = (uintptr_t) start & ~(uintptr_t) (STEP - 1), end = (uintptr_t) bound;
  for (uintptr_t addr = first; addr < end; addr += STEP)
    __asm__ volatile("dcbst 0, %0" : : "r"(addr) : "memory");
  __asm__ volatile("sync" : : : "memory");
  for (uintptr_t addr = first; addr < end; addr += STEP)
    __asm__ volatile("icbi 0, %0" : : "r"(addr) : "memory");
  __asm__ volatile("sync; isync" : : : "memory"); /* sync: the other cores have seen the icbi */
  mir_os_discard_translations (start, bound);
}
