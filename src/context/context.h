/* The structure of a context: one block of its own `alloc`, from MIR_init to MIR_finish.  The
   members but SPACE do not change while other threads use the context; SPACE has locks of its
   own.  */
#ifndef MIR_CONTEXT_CONTEXT_H
#define MIR_CONTEXT_CONTEXT_H

#include "mir.h"
#include "code/types.h"

struct MIR_context {
  MIR_alloc_t alloc;           /* the user's or the default; never NULL */
  MIR_code_alloc_t code_alloc; /* the user's or the default; never NULL */
  MIR_error_func_t error_func; /* never NULL */
  struct MIR_code_space space;
};

#endif /* MIR_CONTEXT_CONTEXT_H */
