#include "tools/target.h"

/* EM_NONE: neither perf nor GDB could do anything with it.  */
const struct mir_target mir_target = {.elf_machine = 0};
