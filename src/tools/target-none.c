/* Any other CPU: perf and GDB are refused.  */
#include "tools/target.h"

#include <elf.h>

const struct mir_target mir_target = {.elf_machine = EM_NONE};
