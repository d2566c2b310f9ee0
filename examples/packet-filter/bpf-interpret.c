/* Interprets verified programs.  */
#include "bpf.h"

/* The number that SIZE bytes at OFFSET are.  */
static uint32_t load (const uint8_t *packet, uint64_t offset, unsigned size) {
  const uint8_t *p = packet + offset;
  if (size == 1) return p[0];
  if (size == 2) return (uint32_t) p[0] << 8 | p[1];
  return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

/* Offsets are 64 bits wide: X + K does not wrap around.  */
#define LOAD(REGISTER, OFFSET, SIZE)          \
  do {                                        \
    uint64_t offset = (OFFSET);               \
    if (offset + (SIZE) > caplen) return 0;   \
    REGISTER = load (packet, offset, (SIZE)); \
  } while (0)

#define SKIP_IF(CONDITION) insn += (CONDITION) ? insn->jt : insn->jf

uint32_t program_interpret (const struct insn *insn, const uint8_t *packet, uint32_t caplen,
                            uint32_t wirelen) {
  uint32_t a = 0, x = 0;
  uint32_t m[BPF_SCRATCH_WORDS]; /* the verifier ensures that only written words are read */
  for (;; insn++) {
    uint32_t k = insn->k;
    /* clang-format off */
    switch ((enum bpf_opcode) insn->code) {
      case LD_IMM: a = k; break;
      case LD_W_ABS: LOAD (a, k, 4); break;
      case LD_H_ABS: LOAD (a, k, 2); break;
      case LD_B_ABS: LOAD (a, k, 1); break;
      case LD_W_IND: LOAD (a, (uint64_t) x + k, 4); break;
      case LD_H_IND: LOAD (a, (uint64_t) x + k, 2); break;
      case LD_B_IND: LOAD (a, (uint64_t) x + k, 1); break;
      case LD_MEM: a = m[k]; break;
      case LD_LEN: a = wirelen; break;

      case LDX_IMM: x = k; break;
      case LDX_MEM: x = m[k]; break;
      case LDX_LEN: x = wirelen; break;
      case LDX_MSH:
        LOAD (x, k, 1);
        x = (x & 15) << 2;
        break;

      case ST: m[k] = a; break;
      case STX: m[k] = x; break;

      case ADD_K: a += k; break;
      case ADD_X: a += x; break;
      case SUB_K: a -= k; break;
      case SUB_X: a -= x; break;
      case MUL_K: a *= k; break;
      case MUL_X: a *= x; break;
      case DIV_K: a /= k; break;
      case DIV_X:
        if (x == 0) return 0;
        a /= x;
        break;
      case MOD_K: a %= k; break;
      case MOD_X:
        if (x == 0) return 0;
        a %= x;
        break;
      case OR_K: a |= k; break;
      case OR_X: a |= x; break;
      case AND_K: a &= k; break;
      case AND_X: a &= x; break;
      case XOR_K: a ^= k; break;
      case XOR_X: a ^= x; break;
      case LSH_K: a <<= k; break;
      case LSH_X: a = x < 32 ? a << x : 0; break;
      case RSH_K: a >>= k; break;
      case RSH_X: a = x < 32 ? a >> x : 0; break;
      case NEG: a = 0 - a; break;

      case JA: insn += k; break;
      case JEQ_K: SKIP_IF (a == k); break;
      case JEQ_X: SKIP_IF (a == x); break;
      case JGT_K: SKIP_IF (a > k); break;
      case JGT_X: SKIP_IF (a > x); break;
      case JGE_K: SKIP_IF (a >= k); break;
      case JGE_X: SKIP_IF (a >= x); break;
      case JSET_K: SKIP_IF ((a & k) != 0); break;
      case JSET_X: SKIP_IF ((a & x) != 0); break;

      case RET_K: return k;
      case RET_A: return a;

      case TAX: x = a; break;
      case TXA: a = x; break;
    }
    /* clang-format on */
  }
}
