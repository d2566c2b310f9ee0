/* For tests: programs for every opcode, with results that were worked out by hand.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_OPCODE_CASES_H
#define MIR_EXAMPLES_PACKET_FILTER_OPCODE_CASES_H

#include <stddef.h> /* size_t */

#include "bpf.h"

/* A program to run on opcode_packet, of whose OPCODE_PACKET_WIRELEN bytes OPCODE_PACKET_LEN are
   kept.  */
struct opcode_case {
  const char *name;
  uint32_t expected;
  struct insn insns[10];
  size_t len;
};

enum { OPCODE_PACKET_LEN = 24, OPCODE_PACKET_WIRELEN = 1500 };

extern const uint8_t opcode_packet[OPCODE_PACKET_LEN];
extern const struct opcode_case opcode_cases[];
extern const size_t opcode_cases_num;

#endif /* MIR_EXAMPLES_PACKET_FILTER_OPCODE_CASES_H */
