/* Stands in for the compiler on other CPUs: everything is interpreted.  */
#include "jit.h"

const struct jit_abi *const jit_native_abi = NULL;

const char *jit_name (void) {
  return "none for this CPU, interpreter only";
}

void jit_create (struct jit **jit, MIR_context_t ctx) {
  (void) jit;
  (void) ctx;
}

void jit_destroy (struct jit *jit) {
  (void) jit;
}

filter_func_t jit_compile (struct jit *jit, const struct jit_abi *abi, const char *name,
                           const struct insn *insns, size_t len, size_t *code_len) {
  (void) jit;
  (void) abi;
  (void) name;
  (void) insns;
  (void) len;
  *code_len = 0;
  return NULL;
}
