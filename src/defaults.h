/* The library's default vtables, at the bottom of everything.  */
#ifndef MIR_DEFAULTS_H
#define MIR_DEFAULTS_H

#include "mir-alloc.h"
#include "mir-code-alloc.h"

MIR_alloc_t mir_default_alloc (void);
MIR_code_alloc_t mir_default_code_alloc (void);

#endif /* MIR_DEFAULTS_H */
