/* Encodes x86-64 instructions and links their jumps.  */
#include "assembler-x86_64.h"

#define SHORT_JUMP 2 /* bytes: opcode and an 8-bit distance */

void assembler_init (struct assembler *as, MIR_alloc_t alloc) {
  VARR_CREATE (uint8_t, as->raw, alloc, 4096);
  VARR_CREATE (label_t, as->labels, alloc, 256);
  VARR_CREATE (jump_t, as->jumps, alloc, 256);
  VARR_CREATE (uint8_t, as->code, alloc, 4096);
}

void assembler_finish (struct assembler *as) {
  if (as->code != NULL) VARR_DESTROY (uint8_t, as->code);
  if (as->jumps != NULL) VARR_DESTROY (jump_t, as->jumps);
  if (as->labels != NULL) VARR_DESTROY (label_t, as->labels);
  if (as->raw != NULL) VARR_DESTROY (uint8_t, as->raw);
}

void assembler_start (struct assembler *as, size_t labels) {
  VARR_TRUNC (uint8_t, as->raw, 0);
  VARR_TRUNC (jump_t, as->jumps, 0);
  VARR_TRUNC (label_t, as->labels, 0);
  for (size_t i = 0; i < labels; i++) VARR_PUSH (label_t, as->labels, ((struct label) {0, 0}));
}

/*---------------- Encoding -----------------------------*/

static void emit (struct assembler *as, unsigned byte) {
  VARR_PUSH (uint8_t, as->raw, (uint8_t) byte);
}

static void emit_32 (VARR (uint8_t) *to, uint32_t value) {
  uint8_t bytes[4] = {(uint8_t) value, (uint8_t) (value >> 8), (uint8_t) (value >> 16),
                      (uint8_t) (value >> 24)};
  VARR_PUSH_ARR (uint8_t, to, bytes, 4);
}

/* Emit the REX prefix, if it is needed, and the opcode: one byte, or two of which the first is 0F.
   The registers are for the fields reg, index and base (or rm) behind the opcode.  */
static void emit_opcode (struct assembler *as, enum width width, unsigned opcode, unsigned reg,
                         unsigned index, unsigned base) {
  unsigned rex = (width == W64) << 3 | reg >> 3 << 2 | index >> 3 << 1 | base >> 3;
  if (rex != 0) emit (as, 0x40 | rex);
  if (opcode > 0xff) emit (as, opcode >> 8);
  emit (as, opcode & 0xff);
}

static void emit_modrm (struct assembler *as, unsigned mode, unsigned reg, unsigned rm) {
  emit (as, mode << 6 | (reg & 7) << 3 | (rm & 7));
}

/* Emit an instruction on registers; REG may be an extension of the opcode instead.  */
static void emit_on_reg (struct assembler *as, enum width width, unsigned opcode, unsigned reg,
                         unsigned rm) {
  emit_opcode (as, width, opcode, reg, 0, rm);
  emit_modrm (as, 3, reg, rm);
}

static int fits_8 (int64_t value) {
  return value >= INT8_MIN && value <= INT8_MAX;
}

static void emit_on_memory (struct assembler *as, unsigned opcode, enum reg reg, enum reg base,
                            int32_t disp) {
  emit_opcode (as, W32, opcode, reg, 0, base);
  emit_modrm (as, fits_8 (disp) ? 1 : 2, reg, base);
  if ((base & 7) == RSP) emit (as, 0x24); /* a SIB byte: this base, no index */
  if (fits_8 (disp))
    emit (as, (uint8_t) disp);
  else
    emit_32 (as->raw, (uint32_t) disp);
}

void asm_ret (struct assembler *as) {
  emit (as, 0xc3);
}

void asm_trap (struct assembler *as) {
  emit (as, 0xcc);
}

void asm_mov (struct assembler *as, enum width width, enum reg to, enum reg from) {
  emit_on_reg (as, width, 0x89, from, to);
}

void asm_mov_imm (struct assembler *as, enum reg to, uint32_t imm) {
  if (imm == 0) {
    asm_alu (as, W32, ALU_XOR, to, to);
  } else {
    emit_opcode (as, W32, 0xb8 | (to & 7), 0, 0, to);
    emit_32 (as->raw, imm);
  }
}

void asm_alu (struct assembler *as, enum width width, enum alu_op op, enum reg to, enum reg from) {
  emit_on_reg (as, width, op << 3 | 1, from, to);
}

void asm_alu_imm (struct assembler *as, enum width width, enum alu_op op, enum reg to,
                  uint32_t imm) {
  int small = fits_8 ((int32_t) imm);
  emit_on_reg (as, width, small ? 0x83 : 0x81, op, to);
  if (small)
    emit (as, imm & 0xff);
  else
    emit_32 (as->raw, imm);
}

void asm_test (struct assembler *as, enum reg a, enum reg b) {
  emit_on_reg (as, W32, 0x85, b, a);
}

void asm_test_imm (struct assembler *as, enum reg a, uint32_t imm) {
  emit_on_reg (as, W32, 0xf7, 0, a);
  emit_32 (as->raw, imm);
}

void asm_mul (struct assembler *as, enum reg to, enum reg from) {
  emit_on_reg (as, W32, 0x0faf, to, from);
}

void asm_mul_imm (struct assembler *as, enum reg to, uint32_t imm) {
  emit_on_reg (as, W32, 0x69, to, to);
  emit_32 (as->raw, imm);
}

void asm_unary (struct assembler *as, enum unary_op op, enum reg reg) {
  emit_on_reg (as, W32, 0xf7, op, reg);
}

void asm_shift_imm (struct assembler *as, enum shift_op op, enum reg to, uint8_t count) {
  emit_on_reg (as, W32, 0xc1, op, to);
  emit (as, count);
}

void asm_shift_by_rcx (struct assembler *as, enum shift_op op, enum reg to) {
  emit_on_reg (as, W32, 0xd3, op, to);
}

void asm_swap_bytes (struct assembler *as, unsigned size, enum reg reg) {
  if (size == 4) {
    emit_opcode (as, W32, 0x0fc8 | (reg & 7), 0, 0, reg); /* bswap */
  } else {
    emit (as, 0x66); /* rol by 8 of the low 16 bits */
    emit_on_reg (as, W32, 0xc1, 0, reg);
    emit (as, 8);
  }
}

void asm_lea (struct assembler *as, enum reg to, enum reg base, enum reg index, int8_t disp) {
  emit_opcode (as, W64, 0x8d, to, index, base);
  emit_modrm (as, 1, to, 4);       /* a SIB byte and an 8-bit displacement follow */
  emit_modrm (as, 0, index, base); /* the fields of a SIB byte are laid out alike */
  emit (as, (uint8_t) disp);
}

void asm_load (struct assembler *as, unsigned size, enum reg to, enum reg base, int32_t disp) {
  emit_on_memory (as, size == 4 ? 0x8b : size == 2 ? 0x0fb7 : 0x0fb6, to, base, disp);
}

void asm_store (struct assembler *as, enum reg base, int32_t disp, enum reg from) {
  emit_on_memory (as, 0x89, from, base, disp);
}

/*---------------- Labels and jumps -----------------------------*/

void asm_label (struct assembler *as, uint32_t label) {
  struct label here = {VARR_LENGTH (uint8_t, as->raw), VARR_LENGTH (jump_t, as->jumps)};
  VARR_SET (label_t, as->labels, label, here);
}

void asm_jump (struct assembler *as, enum condition condition, uint32_t label) {
  struct jump jump = {.at = VARR_LENGTH (uint8_t, as->raw),
                      .label = label,
                      .condition = (uint8_t) condition,
                      .size = SHORT_JUMP};
  VARR_PUSH (jump_t, as->jumps, jump);
}

/* The distance from the end of JUMP to its label in the final code.  */
static int64_t jump_distance (const struct assembler *as, const struct jump *jump) {
  const struct jump *jumps = VARR_ADDR (jump_t, as->jumps);
  struct label label = VARR_GET (label_t, as->labels, jump->label);
  size_t target = label.at;
  if (label.jumps_before > 0)
    target += jumps[label.jumps_before - 1].moved + jumps[label.jumps_before - 1].size;
  return (int64_t) target - (int64_t) (jump->at + jump->moved + jump->size);
}

/* Give the long form to each jump that does not reach its label.  Returns whether there was one: a
   longer jump moves the code behind it, so other jumps may stop reaching.  */
static int grow_jumps (struct assembler *as) {
  struct jump *jumps = VARR_ADDR (jump_t, as->jumps);
  size_t len = VARR_LENGTH (jump_t, as->jumps), moved = 0;
  int grown = 0;
  for (size_t i = 0; i < len; i++) {
    jumps[i].moved = moved;
    moved += jumps[i].size;
  }
  for (size_t i = 0; i < len; i++)
    if (jumps[i].size == SHORT_JUMP && !fits_8 (jump_distance (as, &jumps[i]))) {
      jumps[i].size = jumps[i].condition == ALWAYS ? 5 : 6;
      grown = 1;
    }
  return grown;
}

static void write_jump (struct assembler *as, const struct jump *jump) {
  VARR (uint8_t) *code = as->code;
  int64_t distance = jump_distance (as, jump);
  if (jump->size == SHORT_JUMP) {
    VARR_PUSH (uint8_t, code, jump->condition == ALWAYS ? 0xeb : 0x70 | jump->condition);
    VARR_PUSH (uint8_t, code, (uint8_t) distance);
    return;
  }
  if (jump->condition == ALWAYS) {
    VARR_PUSH (uint8_t, code, 0xe9);
  } else {
    VARR_PUSH (uint8_t, code, 0x0f);
    VARR_PUSH (uint8_t, code, 0x80 | jump->condition);
  }
  emit_32 (code, (uint32_t) distance);
}

void assembler_link (struct assembler *as) {
  const uint8_t *raw = VARR_ADDR (uint8_t, as->raw);
  const struct jump *jumps = VARR_ADDR (jump_t, as->jumps);
  size_t done = 0; /* bytes of raw */
  while (grow_jumps (as)) continue;

  VARR_TRUNC (uint8_t, as->code, 0);
  for (size_t i = 0; i < VARR_LENGTH (jump_t, as->jumps); i++) {
    VARR_PUSH_ARR (uint8_t, as->code, raw + done, jumps[i].at - done);
    write_jump (as, &jumps[i]);
    done = jumps[i].at;
  }
  VARR_PUSH_ARR (uint8_t, as->code, raw + done, VARR_LENGTH (uint8_t, as->raw) - done);
}
