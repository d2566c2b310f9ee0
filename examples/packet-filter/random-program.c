/* Makes random programs and packets for tests.  */
#include "random-program.h"

#include <stdlib.h>

#include "support/probe-pages.h"
#include "support/tap.h"

static uint32_t below (uint32_t bound) {
  return (uint32_t) (tap_random () % bound);
}

/* A constant, often near a limit: of packets, of encodings, of shifts, of signs.  */
static uint32_t random_constant (void) {
  static const uint32_t edges[] = {0,          1,          4,          31,         32,
                                   127,        128,        255,        256,        0x7ffffffb,
                                   0x7fffffff, 0x80000000, 0xffffff80, 0xfffff000, 0xfffffffc};
  switch (below (4)) {
    case 0:
      return edges[below (sizeof (edges) / sizeof (edges[0]))] + below (3) - 1;
    case 1:
      return (uint32_t) tap_random ();
    default:
      return below (80); /* mostly within packets */
  }
}

/* WRITTEN: the words of M that are written on every path to this instruction.  */
static struct insn random_insn (size_t insns_after, unsigned written) {
  static const uint16_t codes[] = {
      LD_IMM,  LD_W_ABS, LD_H_ABS, LD_B_ABS, LD_W_IND, LD_H_IND, LD_B_IND, LD_MEM, LD_LEN, LDX_IMM,
      LDX_MEM, LDX_LEN,  LDX_MSH,  ST,       STX,      ADD_K,    ADD_X,    SUB_K,  SUB_X,  MUL_K,
      MUL_X,   DIV_K,    DIV_X,    OR_K,     OR_X,     AND_K,    AND_X,    LSH_K,  LSH_X,  RSH_K,
      RSH_X,   NEG,      MOD_K,    MOD_X,    XOR_K,    XOR_X,    JA,       JEQ_K,  JEQ_X,  JGT_K,
      JGT_X,   JGE_K,    JGE_X,    JSET_K,   JSET_X,   TAX,      TXA,      RET_K,  RET_A};
  struct insn insn = {.code = codes[below (sizeof (codes) / sizeof (codes[0]))],
                      .k = random_constant ()};
  uint32_t reach = insns_after > 256 ? 256 : (uint32_t) insns_after; /* jumps: 0 to REACH - 1 */
  if ((insn.code == RET_K || insn.code == RET_A) && below (8) != 0) insn.code = TAX;
  if ((insn.code == LD_MEM || insn.code == LDX_MEM) && written == 0) insn.code = ST;
  switch (insn.code) {
    case LD_MEM:
    case LDX_MEM:
      do insn.k = below (BPF_SCRATCH_WORDS);
      while (!(written >> insn.k & 1));
      break;
    case ST:
    case STX:
      insn.k = below (BPF_SCRATCH_WORDS);
      break;
    case DIV_K:
    case MOD_K:
      if (insn.k == 0) insn.k = 1;
      break;
    case LSH_K:
    case RSH_K:
      insn.k = below (32);
      break;
    case JA:
      insn.k = below (reach);
      break;
    default:
      if (!bpf_is_branch (insn.code)) break;
      insn.jt = (uint8_t) below (reach);
      insn.jf = (uint8_t) below (reach);
      break;
  }
  return insn;
}

void random_program (struct insn *insns, size_t len) {
  unsigned written = 0;
  int straight = 1; /* no jump so far */
  for (size_t i = 0; i + 1 < len; i++) {
    insns[i] = random_insn (len - 1 - i, written);
    if (insns[i].code == JA || bpf_is_branch (insns[i].code)) straight = 0;
    if (straight && (insns[i].code == ST || insns[i].code == STX)) written |= 1u << insns[i].k;
  }
  insns[len - 1] = (struct insn) {.code = below (4) == 0 ? RET_K : RET_A, .k = random_constant ()};
}

uint8_t *random_packet (size_t len) {
  static uint8_t *bound;
  uint8_t *packet;
  if (bound == NULL) {
    size_t page = probe_page_size ();
    uint8_t *data = (uint8_t *) probe_pages_data (page);
    if (data == NULL) abort ();
    bound = data + page;
  }
  packet = bound - len;
  for (size_t i = 0; i < len; i++) packet[i] = (uint8_t) (tap_random () >> 24);
  return packet;
}
