/* Compiles programs for x86-64 in one pass, with A and X always in registers.  */
#include "jit-x86_64.h"

#include <stddef.h>
#include <stdint.h>

#include "mir-code.h"
#include "assembler-x86_64.h"

/* The registers.  Both conventions let a function destroy all of these, so none has to be saved.
   Shifts take their count from RCX, and division works on RDX:RAX.  */
static const enum reg A = RAX, X = RCX;
static const enum reg PACKET = R9, CAPLEN = R10, WIRELEN = R11; /* the upper half of R10 is zero */
static const enum reg TEMP = RDX, DIVISOR = R8;

/* What differs between the conventions for a function that calls nothing.  */
struct jit_abi {
  const char *name;
  enum reg packet, caplen, wirelen; /* arguments */
  /* Bytes of stack to reserve for M.  System V needs none: the 128 bytes below RSP belong to a
     function that calls nothing.  On Windows they may be overwritten at any time.  There a function
     that moves RSP should be registered with RtlAddFunctionTable; since nothing in between can
     raise an exception, only a profiler would miss that.  */
  uint8_t frame;
};

#define SCRATCH_BYTES (4 * BPF_SCRATCH_WORDS)

const struct jit_abi jit_abi_system_v = {
    .name = "x86-64, System V", .packet = RDI, .caplen = RSI, .wirelen = RDX, .frame = 0};
const struct jit_abi jit_abi_windows = {
    .name = "x86-64, Windows", .packet = RCX, .caplen = RDX, .wirelen = R8, .frame = SCRATCH_BYTES};

#ifdef _WIN32
const struct jit_abi *const jit_native_abi = &jit_abi_windows;
#else
const struct jit_abi *const jit_native_abi = &jit_abi_system_v;
#endif

const char *jit_name (void) {
  return jit_native_abi->name;
}

struct jit {
  MIR_context_t ctx;
  MIR_code_writer_t writer; /* to the code memory of the context */
  struct assembler as;
  /* Of the program that is being compiled: */
  const struct jit_abi *abi;
  uint8_t frame;   /* bytes on the stack */
  uint32_t reject; /* the label behind the last instruction, where 0 is returned */
};

void jit_create (struct jit **jit, MIR_context_t ctx) {
  *jit = (struct jit *) MIR_calloc (MIR_get_alloc (ctx), 1, sizeof (struct jit));
  if (*jit == NULL) fail (MIR_alloc_error, "no memory for the compiler");
  (*jit)->ctx = ctx;
  assembler_init (&(*jit)->as, MIR_get_alloc (ctx));
  expect_ok (MIR_code_writer_create (MIR_get_code_space (ctx), &(*jit)->writer));
}

void jit_destroy (struct jit *jit) {
  if (jit == NULL) return;
  assembler_finish (&jit->as);
  MIR_code_writer_finish (jit->writer);
  MIR_free (MIR_get_alloc (jit->ctx), jit);
}

/*---------------- Parts of the code -----------------------------*/

static void emit_entry (struct jit *jit) {
  struct assembler *as = &jit->as;
  if (jit->frame != 0) asm_alu_imm (as, W64, ALU_SUB, RSP, jit->frame);
  asm_mov (as, W64, PACKET, jit->abi->packet);
  asm_mov (as, W32, CAPLEN, jit->abi->caplen);
  asm_mov (as, W32, WIRELEN, jit->abi->wirelen);
  asm_mov_imm (as, A, 0);
  asm_mov_imm (as, X, 0);
}

static void emit_exit (struct jit *jit) {
  if (jit->frame != 0) asm_alu_imm (&jit->as, W64, ALU_ADD, RSP, jit->frame);
  asm_ret (&jit->as);
}

/* The offset of M[K] from RSP.  */
static int32_t scratch_offset (const struct jit *jit, uint32_t k) {
  return jit->frame - SCRATCH_BYTES + 4 * (int32_t) k;
}

/* TO = SIZE bytes of the packet at BASE + K, where BASE is X, or RSP for none.  The sum has 64
   bits, so it cannot wrap around.  */
static void emit_load_anywhere (struct jit *jit, enum reg to, enum reg base, uint32_t k,
                                unsigned size) {
  struct assembler *as = &jit->as;
  asm_mov_imm (as, TEMP, k);
  asm_lea (as, TEMP, TEMP, base, (int8_t) size);
  asm_alu (as, W64, ALU_CMP, TEMP, CAPLEN); /* the end of the load */
  asm_jump (as, IF_ABOVE, jit->reject);
  asm_alu (as, W64, ALU_ADD, TEMP, PACKET);
  asm_load (as, size, to, TEMP, -(int32_t) size);
  if (size > 1) asm_swap_bytes (as, size, to);
}

/* TO = SIZE bytes of the packet at K.  */
static void emit_load (struct jit *jit, enum reg to, uint32_t k, unsigned size) {
  struct assembler *as = &jit->as;
  if (k > INT32_MAX - size) { /* a displacement does not reach so far */
    emit_load_anywhere (jit, to, RSP, k, size);
    return;
  }
  asm_alu_imm (as, W32, ALU_CMP, CAPLEN, k + size);
  asm_jump (as, IF_BELOW, jit->reject);
  asm_load (as, size, to, PACKET, (int32_t) k);
  if (size > 1) asm_swap_bytes (as, size, to);
}

/* A /= FROM; the remainder goes to TEMP.  */
static void emit_divide (struct assembler *as, enum reg from) {
  asm_mov_imm (as, TEMP, 0);
  asm_unary (as, UNARY_DIV, from);
}

static void emit_divide_by_x (struct jit *jit) {
  asm_test (&jit->as, X, X);
  asm_jump (&jit->as, IF_EQUAL, jit->reject);
  emit_divide (&jit->as, X);
}

static void emit_divide_by_k (struct jit *jit, uint32_t k) {
  asm_mov_imm (&jit->as, DIVISOR, k);
  emit_divide (&jit->as, DIVISOR);
}

/* The CPU takes the count modulo 32.  TEMP is a mask that keeps the result for counts below 32 and
   clears it for others.  */
static void emit_shift_by_x (struct assembler *as, enum shift_op op) {
  asm_alu_imm (as, W32, ALU_CMP, X, 32);
  asm_alu (as, W32, ALU_SBB, TEMP, TEMP); /* X < 32 ? -1 : 0 */
  asm_shift_by_rcx (as, op, A);
  asm_alu (as, W32, ALU_AND, A, TEMP);
}

/* Jump over JT or JF instructions from NEXT on.  One jump is enough if one of them is 0.  */
static void emit_branch (struct assembler *as, const struct insn *insn, uint32_t next) {
  enum condition condition;
  if (insn->jt == insn->jf) {
    if (insn->jt != 0) asm_jump (as, ALWAYS, next + insn->jt);
    return;
  }

  switch (insn->code) {
    case JEQ_K:
    case JGT_K:
    case JGE_K:
      asm_alu_imm (as, W32, ALU_CMP, A, insn->k);
      break;
    case JSET_K:
      asm_test_imm (as, A, insn->k);
      break;
    case JSET_X:
      asm_test (as, A, X);
      break;
    default:
      asm_alu (as, W32, ALU_CMP, A, X);
      break;
  }

  switch (insn->code) {
    case JEQ_K:
    case JEQ_X:
      condition = IF_EQUAL;
      break;
    case JGT_K:
    case JGT_X:
      condition = IF_ABOVE;
      break;
    case JGE_K:
    case JGE_X:
      condition = IF_NOT_BELOW;
      break;
    default: /* after a test */
      condition = IF_NOT_EQUAL;
      break;
  }

  if (insn->jt == 0) {
    asm_jump (as, (enum condition) (condition ^ 1), next + insn->jf);
  } else {
    asm_jump (as, condition, next + insn->jt);
    if (insn->jf != 0) asm_jump (as, ALWAYS, next + insn->jf);
  }
}

/*---------------- Instructions -----------------------------*/

/* Emit the code of INSN; NEXT is the number of the instruction behind it.  */
static void emit_insn (struct jit *jit, const struct insn *insn, uint32_t next) {
  struct assembler *as = &jit->as;
  uint32_t k = insn->k;
  /* clang-format off */
  switch ((enum bpf_opcode) insn->code) {
    case LD_IMM: asm_mov_imm (as, A, k); break;
    case LD_W_ABS: emit_load (jit, A, k, 4); break;
    case LD_H_ABS: emit_load (jit, A, k, 2); break;
    case LD_B_ABS: emit_load (jit, A, k, 1); break;
    case LD_W_IND: emit_load_anywhere (jit, A, X, k, 4); break;
    case LD_H_IND: emit_load_anywhere (jit, A, X, k, 2); break;
    case LD_B_IND: emit_load_anywhere (jit, A, X, k, 1); break;
    case LD_MEM: asm_load (as, 4, A, RSP, scratch_offset (jit, k)); break;
    case LD_LEN: asm_mov (as, W32, A, WIRELEN); break;

    case LDX_IMM: asm_mov_imm (as, X, k); break;
    case LDX_MEM: asm_load (as, 4, X, RSP, scratch_offset (jit, k)); break;
    case LDX_LEN: asm_mov (as, W32, X, WIRELEN); break;
    case LDX_MSH:
      emit_load (jit, X, k, 1);
      asm_alu_imm (as, W32, ALU_AND, X, 15);
      asm_shift_imm (as, SHIFT_LEFT, X, 2);
      break;

    case ST: asm_store (as, RSP, scratch_offset (jit, k), A); break;
    case STX: asm_store (as, RSP, scratch_offset (jit, k), X); break;

    case ADD_K: asm_alu_imm (as, W32, ALU_ADD, A, k); break;
    case ADD_X: asm_alu (as, W32, ALU_ADD, A, X); break;
    case SUB_K: asm_alu_imm (as, W32, ALU_SUB, A, k); break;
    case SUB_X: asm_alu (as, W32, ALU_SUB, A, X); break;
    case OR_K: asm_alu_imm (as, W32, ALU_OR, A, k); break;
    case OR_X: asm_alu (as, W32, ALU_OR, A, X); break;
    case AND_K: asm_alu_imm (as, W32, ALU_AND, A, k); break;
    case AND_X: asm_alu (as, W32, ALU_AND, A, X); break;
    case XOR_K: asm_alu_imm (as, W32, ALU_XOR, A, k); break;
    case XOR_X: asm_alu (as, W32, ALU_XOR, A, X); break;
    case MUL_K: asm_mul_imm (as, A, k); break;
    case MUL_X: asm_mul (as, A, X); break;
    case DIV_K: emit_divide_by_k (jit, k); break;
    case DIV_X: emit_divide_by_x (jit); break;
    case MOD_K: emit_divide_by_k (jit, k); asm_mov (as, W32, A, TEMP); break;
    case MOD_X: emit_divide_by_x (jit); asm_mov (as, W32, A, TEMP); break;
    case LSH_K: asm_shift_imm (as, SHIFT_LEFT, A, (uint8_t) k); break;
    case LSH_X: emit_shift_by_x (as, SHIFT_LEFT); break;
    case RSH_K: asm_shift_imm (as, SHIFT_RIGHT, A, (uint8_t) k); break;
    case RSH_X: emit_shift_by_x (as, SHIFT_RIGHT); break;
    case NEG: asm_unary (as, UNARY_NEG, A); break;

    case JA: if (k != 0) asm_jump (as, ALWAYS, next + k); break;
    case JEQ_K: case JEQ_X: case JGT_K: case JGT_X:
    case JGE_K: case JGE_X: case JSET_K: case JSET_X: emit_branch (as, insn, next); break;

    case RET_K: asm_mov_imm (as, A, k); emit_exit (jit); break;
    case RET_A: emit_exit (jit); break;

    case TAX: asm_mov (as, W32, X, A); break;
    case TXA: asm_mov (as, W32, A, X); break;
  }
  /* clang-format on */
}

static int uses_scratch (const struct insn *insns, size_t len) {
  for (size_t i = 0; i < len; i++)
    if (insns[i].code == ST || insns[i].code == STX) return 1;
  return 0;
}

filter_func_t jit_compile (struct jit *jit, const struct jit_abi *abi, const char *name,
                           const struct insn *insns, size_t len, size_t *code_len) {
  struct assembler *as = &jit->as;
  MIR_code_info_t info = {.size = sizeof (info), .name = name};
  uint8_t *code;
  jit->abi = abi;
  jit->frame = uses_scratch (insns, len) ? abi->frame : 0;
  jit->reject = (uint32_t) len;

  assembler_start (as, len + 1); /* label N is instruction N */
  emit_entry (jit);
  for (uint32_t i = 0; i < len; i++) {
    asm_label (as, i);
    emit_insn (jit, &insns[i], i + 1);
  }
  asm_label (as, jit->reject);
  asm_mov_imm (as, A, 0);
  emit_exit (jit);
  /* Valgrind and DynamoRIO read the byte behind a ret, so it must be on a readable page.  */
  asm_trap (as);
  assembler_link (as);

  *code_len = VARR_LENGTH (uint8_t, as->code);
  expect_ok (
      MIR_code_publish (jit->writer, VARR_ADDR (uint8_t, as->code), *code_len, &info, &code));
  return (filter_func_t) (uintptr_t) code; /* ISO C has no direct conversion */
}
