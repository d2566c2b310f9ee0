#include "tools/target.h"

#include <elf.h>

/* Nobody has described its frames yet.  */
const struct mir_target mir_target = {.elf_machine = EM_RISCV};
