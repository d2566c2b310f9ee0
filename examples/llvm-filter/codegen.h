/* The compiler: a verified BPF program becomes LLVM IR, and that an object file in memory.

   object    a relocatable file as `clang -c` writes it: machine code, unwind information, and one
             writable word
   matches   this word: for how many packets the function has returned a result above 0  */
#ifndef MIR_EXAMPLES_LLVM_FILTER_CODEGEN_H
#define MIR_EXAMPLES_LLVM_FILTER_CODEGEN_H

#include <stddef.h> /* size_t */

#include "bpf.h"

/* An object file and what to look up in it.  */
typedef struct object {
  VARR (uint8_t) *bytes; /* the caller owns them */
  size_t code_len;       /* bytes of machine code in it */
  char name[64];         /* of the filter, of characters that every tool accepts */
  char func[72];         /* the symbol of the function, a filter_func_t */
  char matches[72];      /* the symbol of the word, a uint64_t */
} object_t;

DEF_VARR (object_t)

/* LLVM's description of this machine, and what a compilation makes on its way.  One thread at a
   time.  */
struct codegen;

/* Store a new compiler at CODEGEN, which holds NULL.  Fails if memory is refused, or if LLVM has no
   back end for this machine; the caller destroys what is stored there in any case.  */
void codegen_create (struct codegen **codegen, MIR_alloc_t alloc);
void codegen_destroy (struct codegen *codegen); /* NULL is allowed */

/* Compile the LEN instructions from INSNS for the filter NAME and fill OBJECT, whose array is there
   and empty.  Fails if memory is refused.  */
void codegen_compile (struct codegen *codegen, const char *name, const struct insn *insns,
                      size_t len, struct object *object);

#endif /* MIR_EXAMPLES_LLVM_FILTER_CODEGEN_H */
