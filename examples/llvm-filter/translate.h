/* Translates a verified BPF program to a module of LLVM IR with one function and one word.  */
#ifndef MIR_EXAMPLES_LLVM_FILTER_TRANSLATE_H
#define MIR_EXAMPLES_LLVM_FILTER_TRANSLATE_H

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>

#include "bpf.h"

struct object;

/* What a translation makes.  */
struct translation {
  LLVMContextRef context;
  LLVMModuleRef module;
  LLVMBuilderRef builder;
  LLVMTypeRef i8, i16, i32, i64;
  LLVMValueRef func;
  LLVMValueRef packet, caplen, wirelen; /* its arguments; CAPLEN has 64 bits */
  /* Variables on the stack, of which LLVM makes registers.  */
  LLVMValueRef a, x, result, m[BPF_SCRATCH_WORDS];
  LLVMBasicBlockRef insns[BPF_INSNS_MAX]; /* one block for each instruction */
  LLVMBasicBlockRef reject, leave;        /* where 0 is the result, and where the function ends */
};

/* Fill T, which is all zero, with the translation of the LEN instructions from INSNS for MACHINE,
   under the names in OBJECT.  Cannot fail; the caller finishes T.  */
void translate (struct translation *t, LLVMTargetMachineRef machine, const struct object *object,
                const struct insn *insns, size_t len);
void translation_finish (struct translation *t);

#endif /* MIR_EXAMPLES_LLVM_FILTER_TRANSLATE_H */
