/* Translates programs to LLVM IR, an instruction to a block.  */
#include "translate.h"

#include <string.h>

#include <llvm-c/Target.h>

#include "codegen.h"

/*---------------- Values -----------------------------*/

static LLVMValueRef constant (const struct translation *t, uint32_t k) {
  return LLVMConstInt (t->i32, k, 0);
}

static LLVMValueRef get (const struct translation *t, LLVMValueRef variable) {
  return LLVMBuildLoad2 (t->builder, t->i32, variable, "");
}

static void set (const struct translation *t, LLVMValueRef variable, LLVMValueRef value) {
  LLVMBuildStore (t->builder, value, variable);
}

static LLVMValueRef widen (const struct translation *t, LLVMValueRef value, LLVMTypeRef type) {
  return LLVMBuildZExt (t->builder, value, type, "");
}

/* Go on in a new block, unless CONDITION is true: then the result is 0.  */
static void reject_if (const struct translation *t, LLVMValueRef condition) {
  LLVMBasicBlockRef next = LLVMAppendBasicBlockInContext (t->context, t->func, "");
  LLVMBuildCondBr (t->builder, condition, t->reject, next);
  LLVMPositionBuilderAtEnd (t->builder, next);
}

static LLVMValueRef swap_bytes (const struct translation *t, LLVMTypeRef type, LLVMValueRef value) {
  unsigned id = LLVMLookupIntrinsicID ("llvm.bswap", strlen ("llvm.bswap"));
  LLVMValueRef func = LLVMGetIntrinsicDeclaration (t->module, id, &type, 1);
  return LLVMBuildCall2 (t->builder, LLVMIntrinsicGetType (t->context, id, &type, 1), func, &value,
                         1, "");
}

/* SIZE bytes of the packet at OFFSET, which has 64 bits, so that a sum does not wrap around.  The
   CPU is little-endian, as all CPUs are for which LLVM links code in memory.  */
static LLVMValueRef load (const struct translation *t, LLVMValueRef offset, unsigned size) {
  LLVMTypeRef type = size == 1 ? t->i8 : size == 2 ? t->i16 : t->i32;
  LLVMValueRef end = LLVMBuildAdd (t->builder, offset, LLVMConstInt (t->i64, size, 0), "");
  LLVMValueRef addr, value;
  reject_if (t, LLVMBuildICmp (t->builder, LLVMIntUGT, end, t->caplen, ""));
  addr = LLVMBuildInBoundsGEP2 (t->builder, t->i8, t->packet, &offset, 1, "");
  value = LLVMBuildLoad2 (t->builder, type, addr, "");
  LLVMSetAlignment (value, 1);
  if (size > 1) value = swap_bytes (t, type, value);
  return size == 4 ? value : widen (t, value, t->i32);
}

static LLVMValueRef load_at (const struct translation *t, uint32_t k, unsigned size) {
  return load (t, LLVMConstInt (t->i64, k, 0), size);
}

static LLVMValueRef load_behind_x (const struct translation *t, uint32_t k, unsigned size) {
  LLVMValueRef x = widen (t, get (t, t->x), t->i64);
  return load (t, LLVMBuildAdd (t->builder, x, LLVMConstInt (t->i64, k, 0), ""), size);
}

/*---------------- Instructions -----------------------------*/

static void compute (const struct translation *t, LLVMOpcode op, LLVMValueRef operand) {
  set (t, t->a, LLVMBuildBinOp (t->builder, op, get (t, t->a), operand, ""));
}

static void divide_by_x (const struct translation *t, LLVMOpcode op) {
  LLVMValueRef x = get (t, t->x);
  reject_if (t, LLVMBuildICmp (t->builder, LLVMIntEQ, x, constant (t, 0), ""));
  compute (t, op, x);
}

/* In IR a shift by more than 31 is poison, which the selection of 0 does not pass on.  */
static void shift_by_x (const struct translation *t, LLVMOpcode op) {
  LLVMValueRef x = get (t, t->x);
  LLVMValueRef fits = LLVMBuildICmp (t->builder, LLVMIntULT, x, constant (t, 32), "");
  LLVMValueRef shifted = LLVMBuildBinOp (t->builder, op, get (t, t->a), x, "");
  set (t, t->a, LLVMBuildSelect (t->builder, fits, shifted, constant (t, 0), ""));
}

static LLVMValueRef compare (const struct translation *t, const struct insn *insn) {
  LLVMValueRef a = get (t, t->a);
  LLVMValueRef operand = (insn->code & 8) != 0 ? get (t, t->x) : constant (t, insn->k);
  switch (insn->code) {
    case JEQ_K:
    case JEQ_X:
      return LLVMBuildICmp (t->builder, LLVMIntEQ, a, operand, "");
    case JGT_K:
    case JGT_X:
      return LLVMBuildICmp (t->builder, LLVMIntUGT, a, operand, "");
    case JGE_K:
    case JGE_X:
      return LLVMBuildICmp (t->builder, LLVMIntUGE, a, operand, "");
    default: /* JSET */
      a = LLVMBuildAnd (t->builder, a, operand, "");
      return LLVMBuildICmp (t->builder, LLVMIntNE, a, constant (t, 0), "");
  }
}

/* End the current block if INSN, number I, is a jump or a return.  */
static int translate_end (const struct translation *t, const struct insn *insn, size_t i) {
  if (insn->code == JA) {
    LLVMBuildBr (t->builder, t->insns[i + 1 + insn->k]);
  } else if (bpf_is_branch (insn->code)) {
    LLVMBuildCondBr (t->builder, compare (t, insn), t->insns[i + 1 + insn->jt],
                     t->insns[i + 1 + insn->jf]);
  } else if (insn->code == RET_K || insn->code == RET_A) {
    set (t, t->result, insn->code == RET_K ? constant (t, insn->k) : get (t, t->a));
    LLVMBuildBr (t->builder, t->leave);
  } else {
    return 0;
  }
  return 1;
}

static void translate_load (const struct translation *t, const struct insn *insn) {
  uint32_t k = insn->k;
  LLVMValueRef nibble;
  /* clang-format off */
  switch (insn->code) {
    case LD_IMM: set (t, t->a, constant (t, k)); break;
    case LD_W_ABS: set (t, t->a, load_at (t, k, 4)); break;
    case LD_H_ABS: set (t, t->a, load_at (t, k, 2)); break;
    case LD_B_ABS: set (t, t->a, load_at (t, k, 1)); break;
    case LD_W_IND: set (t, t->a, load_behind_x (t, k, 4)); break;
    case LD_H_IND: set (t, t->a, load_behind_x (t, k, 2)); break;
    case LD_B_IND: set (t, t->a, load_behind_x (t, k, 1)); break;
    case LD_MEM: set (t, t->a, get (t, t->m[k])); break;
    case LD_LEN: set (t, t->a, t->wirelen); break;

    case LDX_IMM: set (t, t->x, constant (t, k)); break;
    case LDX_MEM: set (t, t->x, get (t, t->m[k])); break;
    case LDX_LEN: set (t, t->x, t->wirelen); break;
    case LDX_MSH:
      nibble = LLVMBuildAnd (t->builder, load_at (t, k, 1), constant (t, 15), "");
      set (t, t->x, LLVMBuildShl (t->builder, nibble, constant (t, 2), ""));
      break;
    default: break;
  }
  /* clang-format on */
}

static void translate_insn (const struct translation *t, const struct insn *insn) {
  uint32_t k = insn->k;
  /* clang-format off */
  switch ((enum bpf_opcode) insn->code) {
    case ST: set (t, t->m[k], get (t, t->a)); break;
    case STX: set (t, t->m[k], get (t, t->x)); break;

    case ADD_K: compute (t, LLVMAdd, constant (t, k)); break;
    case ADD_X: compute (t, LLVMAdd, get (t, t->x)); break;
    case SUB_K: compute (t, LLVMSub, constant (t, k)); break;
    case SUB_X: compute (t, LLVMSub, get (t, t->x)); break;
    case MUL_K: compute (t, LLVMMul, constant (t, k)); break;
    case MUL_X: compute (t, LLVMMul, get (t, t->x)); break;
    case DIV_K: compute (t, LLVMUDiv, constant (t, k)); break;
    case DIV_X: divide_by_x (t, LLVMUDiv); break;
    case MOD_K: compute (t, LLVMURem, constant (t, k)); break;
    case MOD_X: divide_by_x (t, LLVMURem); break;
    case OR_K: compute (t, LLVMOr, constant (t, k)); break;
    case OR_X: compute (t, LLVMOr, get (t, t->x)); break;
    case AND_K: compute (t, LLVMAnd, constant (t, k)); break;
    case AND_X: compute (t, LLVMAnd, get (t, t->x)); break;
    case XOR_K: compute (t, LLVMXor, constant (t, k)); break;
    case XOR_X: compute (t, LLVMXor, get (t, t->x)); break;
    case LSH_K: compute (t, LLVMShl, constant (t, k)); break;
    case LSH_X: shift_by_x (t, LLVMShl); break;
    case RSH_K: compute (t, LLVMLShr, constant (t, k)); break;
    case RSH_X: shift_by_x (t, LLVMLShr); break;
    case NEG: set (t, t->a, LLVMBuildNeg (t->builder, get (t, t->a), "")); break;

    case TAX: set (t, t->x, get (t, t->a)); break;
    case TXA: set (t, t->a, get (t, t->x)); break;
    default: translate_load (t, insn); break;
  }
  /* clang-format on */
}

/*---------------- The module -----------------------------*/

static void create_module (struct translation *t, LLVMTargetMachineRef machine, const char *name) {
  LLVMTargetDataRef layout = LLVMCreateTargetDataLayout (machine);
  char *triple = LLVMGetTargetMachineTriple (machine);
  t->context = LLVMContextCreate ();
  t->builder = LLVMCreateBuilderInContext (t->context);
  t->module = LLVMModuleCreateWithNameInContext (name, t->context);
  LLVMSetModuleDataLayout (t->module, layout);
  LLVMSetTarget (t->module, triple);
  LLVMDisposeMessage (triple);
  LLVMDisposeTargetData (layout);
  t->i8 = LLVMInt8TypeInContext (t->context);
  t->i16 = LLVMInt16TypeInContext (t->context);
  t->i32 = LLVMInt32TypeInContext (t->context);
  t->i64 = LLVMInt64TypeInContext (t->context);
}

/* An unwinder may come from a profiler's signal at any instruction.  */
static void create_func (struct translation *t, const char *name) {
  enum { ASYNC = 2 };
  static const char uwtable[] = "uwtable";
  LLVMTypeRef args[] = {LLVMPointerTypeInContext (t->context, 0), t->i32, t->i32};
  unsigned kind = LLVMGetEnumAttributeKindForName (uwtable, strlen (uwtable));
  t->func = LLVMAddFunction (t->module, name, LLVMFunctionType (t->i32, args, 3, 0));
  LLVMAddAttributeAtIndex (t->func, LLVMAttributeFunctionIndex,
                           LLVMCreateEnumAttribute (t->context, kind, ASYNC));
}

static LLVMValueRef new_variable (const struct translation *t, const char *name) {
  return LLVMBuildAlloca (t->builder, t->i32, name);
}

static LLVMBasicBlockRef new_block (const struct translation *t, const char *name) {
  return LLVMAppendBasicBlockInContext (t->context, t->func, name);
}

static void create_entry (struct translation *t) {
  LLVMPositionBuilderAtEnd (t->builder, new_block (t, "entry"));
  t->a = new_variable (t, "a");
  t->x = new_variable (t, "x");
  t->result = new_variable (t, "result");
  for (int i = 0; i < BPF_SCRATCH_WORDS; i++) t->m[i] = new_variable (t, "m");
  t->packet = LLVMGetParam (t->func, 0);
  t->caplen = widen (t, LLVMGetParam (t->func, 1), t->i64);
  t->wirelen = LLVMGetParam (t->func, 2);
  set (t, t->a, constant (t, 0));
  set (t, t->x, constant (t, 0));
}

/* The ends of the function.  The word MATCHES is hidden, so code finds it relative to itself.  */
static void create_exits (struct translation *t, const char *matches) {
  LLVMValueRef word = LLVMAddGlobal (t->module, t->i64, matches);
  LLVMValueRef result, is_match, count;
  LLVMSetInitializer (word, LLVMConstInt (t->i64, 0, 0));
  LLVMSetVisibility (word, LLVMHiddenVisibility);

  LLVMPositionBuilderAtEnd (t->builder, t->reject);
  set (t, t->result, constant (t, 0));
  LLVMBuildBr (t->builder, t->leave);

  LLVMPositionBuilderAtEnd (t->builder, t->leave);
  result = get (t, t->result);
  is_match = LLVMBuildICmp (t->builder, LLVMIntNE, result, constant (t, 0), "");
  count = LLVMBuildLoad2 (t->builder, t->i64, word, "");
  count = LLVMBuildAdd (t->builder, count, widen (t, is_match, t->i64), "");
  LLVMBuildStore (t->builder, count, word);
  LLVMBuildRet (t->builder, result);
}

void translate (struct translation *t, LLVMTargetMachineRef machine, const struct object *object,
                const struct insn *insns, size_t len) {
  create_module (t, machine, object->name);
  create_func (t, object->func);
  create_entry (t);
  for (size_t i = 0; i < len; i++) t->insns[i] = new_block (t, "insn");
  t->reject = new_block (t, "reject");
  t->leave = new_block (t, "leave");

  LLVMBuildBr (t->builder, t->insns[0]);
  for (size_t i = 0; i < len; i++) {
    LLVMPositionBuilderAtEnd (t->builder, t->insns[i]);
    if (translate_end (t, &insns[i], i)) continue;
    translate_insn (t, &insns[i]);
    LLVMBuildBr (t->builder, t->insns[i + 1]); /* the last instruction is a return */
  }
  create_exits (t, object->matches);
}

void translation_finish (struct translation *t) {
  if (t->builder != NULL) LLVMDisposeBuilder (t->builder);
  if (t->module != NULL) LLVMDisposeModule (t->module);
  if (t->context != NULL) LLVMContextDispose (t->context);
  memset (t, 0, sizeof (*t));
}
