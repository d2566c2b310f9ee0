/* The library's default vtables, below everything that uses them.  */
#ifndef MIR_DEFAULTS_H
#define MIR_DEFAULTS_H

#include "mir-alloc.h"
#include "mir-code-alloc.h"

/* Never NULL; valid for the life of the process.  Any thread.  The first call of mir_default_alloc
   prepares the default heap (heap/prepare.h).  */
MIR_alloc_t mir_default_alloc (void);
MIR_code_alloc_t mir_default_code_alloc (void);

#endif /* MIR_DEFAULTS_H */
