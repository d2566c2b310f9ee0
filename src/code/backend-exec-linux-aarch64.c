/* The protection of executable memory on aarch64: PROT_BTI, Linux 5.8
   (Documentation/arch/arm64/elf_hwcaps.rst; arch/arm64/include/asm/mman.h).  The kernel refuses it
   where the CPU or the kernel has no branch target identification, and HWCAP2_BTI says so.  */
#include "code/backend-exec-linux.h"

#include <sys/auxv.h>
#include <sys/mman.h>

#ifndef PROT_BTI
#define PROT_BTI 0x10
#endif
#ifndef HWCAP2_BTI
#define HWCAP2_BTI (1 << 17)
#endif

int mir_linux_exec_prot (const struct mir_pages *pages) {
  int has_bti = (getauxval (AT_HWCAP2) & HWCAP2_BTI) != 0;
  return PROT_READ | PROT_EXEC | (pages->landing_pads && has_bti ? PROT_BTI : 0);
}
