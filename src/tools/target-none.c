/* Any other CPU: perf and GDB are refused.  */
#include "tools/target.h"

const struct mir_target mir_target = {.elf_machine = 0 /* EM_NONE */};
