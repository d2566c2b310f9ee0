/* The compiler: a verified BPF program becomes machine code.

   One of jit-x86_64.c and jit-none.c implements it; the build picks.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_JIT_H
#define MIR_EXAMPLES_PACKET_FILTER_JIT_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint32_t */

#include "bpf.h"

/* A compiled filter; any thread.  */
typedef uint32_t (*filter_func_t) (const uint8_t *packet, uint32_t caplen, uint32_t wirelen);

/* A calling convention of the CPU.  */
struct jit_abi;

/* This process's convention; NULL: there is no JIT for this CPU.  */
extern const struct jit_abi *const jit_native_abi;

/* A name to show, like "x86-64, System V".  */
const char *jit_name (void);

/* The buffers of the compiler, kept from one program to the next.  One thread at a time.  */
struct jit;

/* Store new buffers at JIT, which holds NULL.  Fails if memory is refused; the caller destroys what
   is stored there in any case.  */
void jit_create (struct jit **jit, MIR_context_t ctx);
void jit_destroy (struct jit *jit); /* NULL is allowed */

/* Compile the LEN instructions from INSNS for callers with the convention ABI, publish the code in
   the context and store its length in CODE_LEN, in bytes.  Debuggers and profilers call it NAME.
   The code lives as long as the context.  NULL: there is no JIT for this CPU.  Fails if memory is
   refused.  */
filter_func_t jit_compile (struct jit *jit, const struct jit_abi *abi, const char *name,
                           const struct insn *insns, size_t len, size_t *code_len);

#endif /* MIR_EXAMPLES_PACKET_FILTER_JIT_H */
