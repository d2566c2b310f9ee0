/* For tests: a program about each opcode, with a result worked out by hand.  */
#ifndef PACKET_FILTER_OPCODE_CASES_H
#define PACKET_FILTER_OPCODE_CASES_H

#include <stddef.h> /* size_t */

#include "bpf.h"

/* To run on opcode_packet, all of it kept, OPCODE_PACKET_WIRELEN bytes on the wire.  */
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

#endif /* PACKET_FILTER_OPCODE_CASES_H */
