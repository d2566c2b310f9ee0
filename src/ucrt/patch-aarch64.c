/* Jumps of ARM64.

   `b` is one instruction: one store writes it, and it fits every function.  It reaches 128 MiB, so
   most jumps need a stub: `ldr x16, #8; br x16; address`. x16 is the linker's own scratch register
   between a call and its function (Procedure Call Standard for the Arm 64-bit Architecture, 6.1.1).

   Encodings: Arm Architecture Reference Manual for A-profile, C4.1 and C6.2.  */

#include <string.h> /* memcpy */

#include "ucrt/patch.h"

enum { INSN = 4 }; /* bytes */

/* A jump reaches -128 MiB ..  128 MiB - 4; here the same in both directions.  */
static const uint64_t reach = 0x7fffffc;

/* The instruction at AT; 0, which is none, outside of CODE.  */
static uint32_t insn_at (const struct ucrt_span *code, size_t at) {
  uint32_t insn;
  if (code->size < INSN || at > code->size - INSN) return 0;
  memcpy (&insn, code->bytes + at, INSN);
  return insn;
}

/* The low BITS of VALUE, sign-extended.  */
static int64_t extend (uint64_t value, unsigned bits) {
  uint64_t sign = (uint64_t) 1 << (bits - 1);
  value &= (sign << 1) - 1;
  return (int64_t) (value ^ sign) - (int64_t) sign;
}

static int is_branch_mark (uint32_t insn) {
  return (insn & 0xffffff3f) == 0xd503241f;
} /* bti */
static int branches_to (uint32_t insn, uint32_t reg) {
  return insn == (0xd61f0000 | reg << 5);
}

/* ldr REG, literal; br REG: *SLOT is where the literal stands.  */
static int through_literal (const struct ucrt_span *code, size_t at, uint64_t *slot) {
  uint32_t load = insn_at (code, at);
  if ((load & 0xff000000) != 0x58000000 || !branches_to (insn_at (code, at + INSN), load & 31))
    return 0;
  *slot = code->address + at + (uint64_t) (extend (load >> 5, 19) * 4);
  return 1;
}

/* adrp REG; add REG, REG, imm or ldr REG, [REG, imm]; br REG.  */
static enum ucrt_code_kind through_page (const struct ucrt_span *code, size_t at,
                                         uint64_t *target) {
  uint32_t page = insn_at (code, at), second = insn_at (code, at + INSN), reg = page & 31;
  if ((page & 0x9f000000) != 0x90000000 || !branches_to (insn_at (code, at + 2 * INSN), reg))
    return UCRT_CODE_PLAIN;
  if ((second & 31) != reg || (second >> 5 & 31) != reg) return UCRT_CODE_PLAIN;
  int64_t pages = extend ((page >> 5 & 0x7ffff) << 2 | (page >> 29 & 3), 21);
  uint64_t base = ((code->address + at) & ~(uint64_t) 0xfff) + (uint64_t) (pages * 0x1000);
  uint64_t imm = second >> 10 & 0xfff;
  int is_add = (second & 0xffc00000) == 0x91000000, is_load = (second & 0xffc00000) == 0xf9400000;
  if (!is_add && !is_load) return UCRT_CODE_PLAIN;
  *target = base + (is_add ? imm : imm * 8);
  return is_add ? UCRT_CODE_JUMP : UCRT_CODE_JUMP_THROUGH;
}

static struct ucrt_code decode (const struct ucrt_span *code) {
  struct ucrt_code result = {.kind = UCRT_CODE_PLAIN};
  size_t at = 0;
  if (is_branch_mark (insn_at (code, 0))) at = result.marker = INSN;
  while (insn_at (code, at) == 0xd503201f) at += INSN; /* nop */
  uint32_t insn = insn_at (code, at);
  if ((insn & 0x7c000000) == 0x14000000) {
    result.kind = insn >> 31 ? UCRT_CODE_CALL : UCRT_CODE_JUMP;
    result.target = code->address + at + (uint64_t) (extend (insn, 26) * 4);
  } else if ((insn & 0xffe0001f) == 0xd4200000) {
    result.kind = UCRT_CODE_TRAP; /* brk */
  } else if (through_literal (code, at, &result.target)) {
    result.kind = UCRT_CODE_JUMP_THROUGH;
  } else {
    result.kind = through_page (code, at, &result.target);
  }
  return result;
}

static int encode_jump (uint8_t to[UCRT_JUMP_MAX], uint64_t from, uint64_t target) {
  int64_t distance = (int64_t) (target - from);
  if (distance % INSN != 0 || distance != extend ((uint64_t) distance, 28)) return -1;
  uint32_t insn = 0x14000000 | ((uint32_t) (distance / INSN) & 0x3ffffff);
  memcpy (to, &insn, INSN);
  return 0;
}

static void encode_stub (uint8_t to[UCRT_STUB_SIZE], uint64_t from, uint64_t target) {
  const uint32_t load = 0x58000050, branch = 0xd61f0200; /* ldr x16, #8; br x16 */
  (void) from;
  memcpy (to, &load, INSN);
  memcpy (to + INSN, &branch, INSN);
  memcpy (to + 2 * INSN, &target, sizeof (target));
}

const struct ucrt_cpu ucrt_cpu_aarch64 = {
    .machine = 0xaa64,
    .pointer_size = 8,
    .jump_size = INSN,
    .reach = reach,
    .decode = decode,
    .encode_jump = encode_jump,
    .encode_stub = encode_stub,
};
