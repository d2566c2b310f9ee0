/* Runs programs in libpcap's interpreter.  */
#include "libpcap.h"

#include <pcap/pcap.h>

const int libpcap_is_there = 1;

struct bpf_insn *libpcap_program (MIR_alloc_t alloc, const struct insn *insns, size_t len) {
  struct bpf_insn *program = (struct bpf_insn *) MIR_malloc (alloc, len * sizeof (struct bpf_insn));
  if (program == NULL) fail (MIR_alloc_error, "no memory for a program of %zu instructions", len);
  for (size_t i = 0; i < len; i++) {
    program[i].code = insns[i].code;
    program[i].jt = insns[i].jt;
    program[i].jf = insns[i].jf;
    program[i].k = insns[i].k;
  }
  return program;
}

uint32_t libpcap_run (const struct bpf_insn *program, const uint8_t *packet, uint32_t caplen,
                      uint32_t wirelen) {
  /* libpcap 1.11 deprecates bpf_filter.  This function runs the instructions up to the one that
     returns, and reads no length.  */
  struct bpf_program code = {.bf_insns = (struct bpf_insn *) program};
  struct pcap_pkthdr header = {.caplen = caplen, .len = wirelen};
  return (uint32_t) pcap_offline_filter (&code, &header, packet);
}
