/* libpcap's interpreter, the reference for ours.

   One of libpcap.c and libpcap-none.c implements it; the build picks.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_LIBPCAP_H
#define MIR_EXAMPLES_PACKET_FILTER_LIBPCAP_H

#include "bpf.h"

struct bpf_insn; /* libpcap's */

/* Whether libpcap is there; if not, programs are NULL and results 0.  */
extern const int libpcap_is_there;

/* Copy the LEN instructions from INSNS to a program of libpcap's, a block of ALLOC that the caller
   owns.  Fails if memory is refused.  */
struct bpf_insn *libpcap_program (MIR_alloc_t alloc, const struct insn *insns, size_t len);

/* libpcap's result for such a program.  */
uint32_t libpcap_run (const struct bpf_insn *program, const uint8_t *packet, uint32_t caplen,
                      uint32_t wirelen);

#endif /* MIR_EXAMPLES_PACKET_FILTER_LIBPCAP_H */
