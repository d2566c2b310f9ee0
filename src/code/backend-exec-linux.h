/* The protection of Linux's executable memory: one file per CPU that has more than one.  */
#ifndef MIR_CODE_BACKEND_EXEC_LINUX_H
#define MIR_CODE_BACKEND_EXEC_LINUX_H

#include "code/backend.h"

/* For mmap and mprotect: PROT_READ | PROT_EXEC, and what PAGES->landing_pads asks for if the CPU has
   it.  */
int mir_linux_exec_prot (const struct mir_pages *pages);

#endif /* MIR_CODE_BACKEND_EXEC_LINUX_H */
