/* The default vtables, for every part of the library.  */
#ifndef MIR_DEFAULTS_H
#define MIR_DEFAULTS_H

#include "mir-alloc.h"
#include "mir-code-alloc.h"

/* mimalloc, whose range of addresses is prepared for huge pages before the first use.  Any
   thread.  */
MIR_alloc_t mir_default_alloc (void);
/* The system's pages.  */
MIR_code_alloc_t mir_default_code_alloc (void);

#endif /* MIR_DEFAULTS_H */
