#include "tools/tools-cpu.h"

#include <elf.h>

/* Nobody has described its frames yet.  */
const struct mir_tools_cpu mir_tools_cpu = {.elf_machine = EM_RISCV};
