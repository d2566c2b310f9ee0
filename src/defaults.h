/* The default vtables, below everything that uses them.  */
#ifndef MIR_DEFAULTS_H
#define MIR_DEFAULTS_H

#include "mir-alloc.h"
#include "mir-code-alloc.h"

/* Both results are valid for the life of the process and never NULL.  Any thread.  */

/* mimalloc.  The first call gives it memory of its own (heap/supply.h).  */
MIR_alloc_t mir_default_alloc (void);
/* The system's pages.  */
MIR_code_alloc_t mir_default_code_alloc (void);

#endif /* MIR_DEFAULTS_H */
