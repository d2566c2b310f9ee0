/* Verifies programs before they run.  */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bpf.h"

static const uint8_t is_opcode[256] = {
    [LD_IMM] = 1,   [LD_W_ABS] = 1, [LD_H_ABS] = 1, [LD_B_ABS] = 1, [LD_W_IND] = 1, [LD_H_IND] = 1,
    [LD_B_IND] = 1, [LD_MEM] = 1,   [LD_LEN] = 1,   [LDX_IMM] = 1,  [LDX_MEM] = 1,  [LDX_LEN] = 1,
    [LDX_MSH] = 1,  [ST] = 1,       [STX] = 1,      [ADD_K] = 1,    [ADD_X] = 1,    [SUB_K] = 1,
    [SUB_X] = 1,    [MUL_K] = 1,    [MUL_X] = 1,    [DIV_K] = 1,    [DIV_X] = 1,    [OR_K] = 1,
    [OR_X] = 1,     [AND_K] = 1,    [AND_X] = 1,    [LSH_K] = 1,    [LSH_X] = 1,    [RSH_K] = 1,
    [RSH_X] = 1,    [NEG] = 1,      [MOD_K] = 1,    [MOD_X] = 1,    [XOR_K] = 1,    [XOR_X] = 1,
    [JA] = 1,       [JEQ_K] = 1,    [JEQ_X] = 1,    [JGT_K] = 1,    [JGT_X] = 1,    [JGE_K] = 1,
    [JGE_X] = 1,    [JSET_K] = 1,   [JSET_X] = 1,   [RET_K] = 1,    [RET_A] = 1,    [TAX] = 1,
    [TXA] = 1};

MIR_NO_RETURN static void refuse (const struct program *program, size_t i, const char *format, ...)
    LIKE_PRINTF (3);

/* Every instruction has its own line, so its number gives the line.  */
static void refuse (const struct program *program, size_t i, const char *format, ...) {
  char reason[160];
  va_list args;
  va_start (args, format);
  vsnprintf (reason, sizeof (reason), format, args);
  va_end (args);
  fail (MIR_syntax_error, "%s:%d: instruction %zu: %s", program->path,
        program->first_line + (int) i, i, reason);
}

static void check_constant (const struct program *program, size_t i) {
  struct insn insn = VARR_GET (insn_t, program->insns, i);
  switch (insn.code) {
    case LD_MEM:
    case LDX_MEM:
    case ST:
    case STX:
      if (insn.k >= BPF_SCRATCH_WORDS)
        refuse (program, i, "M[%lu] does not exist, the last one is M[%d]", (unsigned long) insn.k,
                BPF_SCRATCH_WORDS - 1);
      break;
    case DIV_K:
    case MOD_K:
      if (insn.k == 0) refuse (program, i, "division by the constant 0");
      break;
    case LSH_K:
    case RSH_K:
      if (insn.k > 31)
        refuse (program, i, "shift by the constant %lu, above 31", (unsigned long) insn.k);
      break;
    default:
      break;
  }
}

static void check_target (const struct program *program, size_t i, uint32_t skip) {
  uint64_t target = (uint64_t) i + 1 + skip;
  if (target >= VARR_LENGTH (insn_t, program->insns))
    refuse (program, i, "jump to %llu of %zu instructions", (unsigned long long) target,
            VARR_LENGTH (insn_t, program->insns));
}

static void check_jumps (const struct program *program, size_t i) {
  struct insn insn = VARR_GET (insn_t, program->insns, i);
  if (insn.code == JA) check_target (program, i, insn.k);
  if (!bpf_is_branch (insn.code)) return;
  check_target (program, i, insn.jt);
  check_target (program, i, insn.jf);
}

/* Ensure that a word of scratch memory is written on every path to an instruction that reads it, so
   that no program sees what the stack held before.  Jumps lead forward, so one pass in program
   order has seen all paths to an instruction when it reaches it.  A set of words is a bit mask.
   RET counts as a path to the instruction after it, as in the Linux kernel.  */
static void check_scratch (const struct program *program) {
  const struct insn *insns = VARR_ADDR (insn_t, program->insns);
  size_t len = VARR_LENGTH (insn_t, program->insns);
  uint16_t written_at[BPF_INSNS_MAX]; /* by all jumps to the instruction so far */
  uint16_t written = 0;               /* here, on the path from the instruction before */
  memset (written_at, 0xff, sizeof (written_at));
  for (size_t i = 0; i < len; i++) {
    const struct insn *insn = &insns[i];
    written &= written_at[i];
    if ((insn->code == LD_MEM || insn->code == LDX_MEM) && !(written >> insn->k & 1))
      refuse (program, i, "M[%lu] may be read before it is written", (unsigned long) insn->k);
    if (insn->code == ST || insn->code == STX) written |= (uint16_t) (1 << insn->k);

    if (insn->code == JA) written_at[i + 1 + insn->k] &= written;
    if (bpf_is_branch (insn->code)) {
      written_at[i + 1 + insn->jt] &= written;
      written_at[i + 1 + insn->jf] &= written;
    }
    /* The next instruction is reached from here only by the jumps noted above.  */
    if (insn->code == JA || bpf_is_branch (insn->code)) written = 0xffff;
  }
}

void program_verify (const struct program *program) {
  size_t len = VARR_LENGTH (insn_t, program->insns);
  for (size_t i = 0; i < len; i++) {
    unsigned code = VARR_GET (insn_t, program->insns, i).code;
    if (code > UINT8_MAX || !is_opcode[code]) refuse (program, i, "unknown opcode %u", code);
    check_constant (program, i);
    check_jumps (program, i);
  }
  if (len == 0 || len > BPF_INSNS_MAX)
    fail (MIR_syntax_error, "%s:%d: a program has 1 to %d instructions, not %zu", program->path,
          program->first_line, BPF_INSNS_MAX, len);
  struct insn last = VARR_LAST (insn_t, program->insns);
  if (last.code != RET_K && last.code != RET_A)
    refuse (program, len - 1, "the last instruction is not a ret");
  check_scratch (program);
}
