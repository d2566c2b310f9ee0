/* Stands in for libpcap where there is none.  */
#include "libpcap.h"

const int libpcap_is_there = 0;

struct bpf_insn *libpcap_program (MIR_alloc_t alloc, const struct insn *insns, size_t len) {
  (void) alloc;
  (void) insns;
  (void) len;
  return NULL;
}

uint32_t libpcap_run (const struct bpf_insn *program, const uint8_t *packet, uint32_t caplen,
                      uint32_t wirelen) {
  (void) program;
  (void) packet;
  (void) caplen;
  (void) wirelen;
  return 0;
}
