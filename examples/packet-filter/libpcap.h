/* libpcap's own interpreter, the judge of ours.

   One of libpcap.c and libpcap-none.c implements it; the build picks.  */
#ifndef PACKET_FILTER_LIBPCAP_H
#define PACKET_FILTER_LIBPCAP_H

#include "bpf.h"

struct bpf_insn; /* libpcap's */

/* Whether there is one; else programs are NULL and results 0.  */
extern const int libpcap_is_there;

/* The LEN instructions from INSNS for libpcap; a block of ALLOC, owned by the caller.  Fails when
   memory is refused.  */
struct bpf_insn *libpcap_program (MIR_alloc_t alloc, const struct insn *insns, size_t len);

/* libpcap's result for such a program.  */
uint32_t libpcap_run (const struct bpf_insn *program, const uint8_t *packet, uint32_t caplen,
                      uint32_t wirelen);

#endif /* PACKET_FILTER_LIBPCAP_H */
