/* For tests: random programs and packets, from tap_random.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_RANDOM_PROGRAM_H
#define MIR_EXAMPLES_PACKET_FILTER_RANDOM_PROGRAM_H

#include <stddef.h> /* size_t */

#include "bpf.h"

/* Store a program of LEN <= BPF_INSNS_MAX instructions in INSNS which the verifier accepts.  */
void random_program (struct insn *insns, size_t len);

/* A packet of LEN <= 4096 random bytes, directly before a page that cannot be accessed.  Valid
   until the next call.  */
uint8_t *random_packet (size_t len);

#endif /* MIR_EXAMPLES_PACKET_FILTER_RANDOM_PROGRAM_H */
