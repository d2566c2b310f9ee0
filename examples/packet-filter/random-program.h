/* For tests: random programs and packets, from tap_random.  */
#ifndef RANDOM_PROGRAM_H
#define RANDOM_PROGRAM_H

#include "bpf.h"

#include <stddef.h> /* size_t */

/* Put LEN instructions, at most BPF_INSNS_MAX, into INSNS: a program which the verifier accepts. */
void random_program (insn_t *insns, size_t len);

/* A packet of LEN <= 4096 random bytes, directly before memory that nobody may touch.  Valid until
   the next call.  */
uint8_t *random_packet (size_t len);

#endif /* RANDOM_PROGRAM_H */
