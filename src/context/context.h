/* The structure of a context: one block of its own `alloc`, from MIR_init to MIR_finish.  Its members
   do not change while other threads use the context; the space has locks of its own.

   This folder is a library of its own, mir-alloc-mir, over the public functions of mir-alloc.  It is
   also the example in code for docs/mir.md: MIR's functions on a code space.  */
#ifndef MIR_CONTEXT_CONTEXT_H
#define MIR_CONTEXT_CONTEXT_H

#include "mir-code.h"
#include "mir.h"

struct MIR_context {
  MIR_alloc_t alloc;           /* the user's or the default; never NULL */
  MIR_code_alloc_t code_alloc; /* the user's or the default; never NULL */
  MIR_error_func_t error_func; /* never NULL */
  MIR_code_space_t space;      /* owned; over `code_alloc` if that is the user's */
};

#endif /* MIR_CONTEXT_CONTEXT_H */
