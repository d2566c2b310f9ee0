#include "tools/tools-cpu.h"

/* EM_NONE: neither perf nor GDB could do anything with it.  */
const struct mir_tools_cpu mir_tools_cpu = {.elf_machine = 0};
