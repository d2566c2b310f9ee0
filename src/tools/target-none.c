#include "tools/target.h"

#include <elf.h>

/* EM_NONE: neither perf nor GDB could do anything with it.  */
const struct mir_target mir_target = {.elf_machine = EM_NONE};
