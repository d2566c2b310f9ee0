/* What ELF calls s390x; no description of its frames exists yet.  */
#include "tools/target.h"

#include <elf.h>

const struct mir_target mir_target = {.elf_machine = EM_S390};
