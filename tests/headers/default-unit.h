/* The default allocators of a second unit of the program.  */
#include "mir-alloc.h"
#include "mir-code-alloc.h"

MIR_alloc_t other_unit_alloc (void);
MIR_code_alloc_t other_unit_code_alloc (void);
