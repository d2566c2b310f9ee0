/* Classic BPF programs: the machine they run on, how they are read, verified and interpreted.

   program   1 to 4096 instructions, run once for each packet; jumps lead forward only
   packet    CAPLEN bytes, what a capture kept of the WIRELEN bytes on the wire
   A, X      two 32-bit registers, 0 at the start; arithmetic is modulo 2^32
   M         16 words of scratch memory
   result    what RET returns: how many bytes of the packet to keep, 0 for none

   Fields of a packet are big-endian.  A load out of the CAPLEN bytes ends the program with result
   0, and so do division and remainder by an X of 0; a shift by an X above 31 gives 0.  The Linux
   kernel's loads of facts about a packet (offsets from SKF_AD_OFF, 0xfffff000) are out of bounds
   here.  In all of this the machine agrees with libpcap's.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_BPF_H
#define MIR_EXAMPLES_PACKET_FILTER_BPF_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint32_t */

#include "containers.h"

#define BPF_INSNS_MAX 4096
#define BPF_SCRATCH_WORDS 16

/* All opcodes.  K is the constant of the instruction, P the packet.  */
enum bpf_opcode {
  LD_IMM = 0x00,   /* A = K */
  LD_W_ABS = 0x20, /* A = 4 bytes at P[K] */
  LD_H_ABS = 0x28, /* A = 2 bytes at P[K] */
  LD_B_ABS = 0x30, /* A = P[K] */
  LD_W_IND = 0x40, /* the same at P[X + K], where the sum does not wrap around */
  LD_H_IND = 0x48,
  LD_B_IND = 0x50,
  LD_MEM = 0x60, /* A = M[K] */
  LD_LEN = 0x80, /* A = WIRELEN */

  LDX_IMM = 0x01, /* X = K */
  LDX_MEM = 0x61, /* X = M[K] */
  LDX_LEN = 0x81, /* X = WIRELEN */
  LDX_MSH = 0xb1, /* X = 4 * (P[K] & 15): the length of an IPv4 header */

  ST = 0x02,  /* M[K] = A */
  STX = 0x03, /* M[K] = X */

  ADD_K = 0x04, /* A = A op K, or op X */
  ADD_X = 0x0c,
  SUB_K = 0x14,
  SUB_X = 0x1c,
  MUL_K = 0x24,
  MUL_X = 0x2c,
  DIV_K = 0x34,
  DIV_X = 0x3c,
  OR_K = 0x44,
  OR_X = 0x4c,
  AND_K = 0x54,
  AND_X = 0x5c,
  LSH_K = 0x64,
  LSH_X = 0x6c,
  RSH_K = 0x74,
  RSH_X = 0x7c,
  NEG = 0x84, /* A = -A */
  MOD_K = 0x94,
  MOD_X = 0x9c,
  XOR_K = 0xa4,
  XOR_X = 0xac,

  JA = 0x05,    /* skip K instructions */
  JEQ_K = 0x15, /* skip JT instructions if A == K (or X), else JF */
  JEQ_X = 0x1d,
  JGT_K = 0x25,
  JGT_X = 0x2d,
  JGE_K = 0x35,
  JGE_X = 0x3d,
  JSET_K = 0x45, /* if A & K is not 0 */
  JSET_X = 0x4d,

  RET_K = 0x06, /* the result is K */
  RET_A = 0x16,

  TAX = 0x07, /* X = A */
  TXA = 0x87  /* A = X */
};

typedef struct insn {
  uint16_t code; /* enum bpf_opcode, once verified */
  uint8_t jt, jf;
  uint32_t k;
} insn_t;

_Static_assert (sizeof (struct insn) == 8, "an instruction has no padding");

DEF_VARR (insn_t)

struct program {
  const char *path;     /* for messages; must outlive the program */
  int first_line;       /* of instruction 0 in the file */
  VARR (insn_t) *insns; /* the caller owns it */
};

/* Whether CODE is a conditional jump.  */
static inline int bpf_is_branch (unsigned code) {
  return (code & 7) == (JA & 7) && code != JA;
}

/* Append to PROGRAM the instructions in TEXT: LEN bytes as tcpdump -ddd prints them, after any
   number of lines that begin with '#'.  Fails on anything else, with a message that has file and
   line.  */
void program_parse (struct program *program, const char *text, size_t len);

/* Fail unless the program is safe to run.  The rules are those of the Linux kernel's verifier.  */
void program_verify (const struct program *program);

/* Run the verified program that begins with INSN and return its result.  */
uint32_t program_interpret (const struct insn *insn, const uint8_t *packet, uint32_t caplen,
                            uint32_t wirelen);

#endif /* MIR_EXAMPLES_PACKET_FILTER_BPF_H */
