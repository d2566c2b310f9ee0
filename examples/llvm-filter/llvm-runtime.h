/* The runtime of packet-filter with a second compiler: LLVM makes an object file of each filter, and
   ORC links it.

   One structure owns everything, as in runtime.h, so a failure may jump out of any C function.  One
   thread at a time.  */
#ifndef MIR_EXAMPLES_LLVM_FILTER_LLVM_RUNTIME_H
#define MIR_EXAMPLES_LLVM_FILTER_LLVM_RUNTIME_H

#include "runtime.h"

#include "codegen.h"
#include "linker.h"

/* What LLVM made of the filter with the same number in the runtime.  */
typedef struct llvm_filter {
  struct object object; /* kept, to be linked again */
  struct linked linked;
} llvm_filter_t;

DEF_VARR (llvm_filter_t)

struct llvm_runtime {
  struct runtime rt;
  struct codegen *codegen;
  struct linker *linker;
  VARR (llvm_filter_t) *filters;
};

/* Make the context and the compilers with the allocator of OPTIONS, NULL for the default, and a linker
   with OPTIONS.  LR is all zero before.  Fails if memory is refused; the caller finishes LR in any
   case.  */
void llvm_runtime_init (struct llvm_runtime *lr, const struct linker_options *options);
void llvm_runtime_finish (struct llvm_runtime *lr);

/* Read, verify and compile the filter in the file PATH by both compilers, and link it.  The string
   PATH must outlive LR.  Fails on a bad filter and if memory is refused.  */
void llvm_runtime_add_filter (struct llvm_runtime *lr, const char *path);

/* Link OBJECT once more and fill LINKED, which is all zero.  The linker owns the unit until it is
   unlinked.  Fails if memory is refused.  */
void llvm_runtime_link (struct llvm_runtime *lr, const struct object *object,
                        struct linked *linked);
/* Free LINKED, which no thread runs; it is all zero then.  */
void llvm_runtime_unlink (struct llvm_runtime *lr, struct linked *linked);

/* Run filter number I as LLVM compiled it on PACKETS packets.  Fails unless the interpreter agrees
   on each of them, and the filter's own count of matches is that of compare_results.  */
void llvm_runtime_compare (struct llvm_runtime *lr, size_t i, size_t packets);

#endif /* MIR_EXAMPLES_LLVM_FILTER_LLVM_RUNTIME_H */
