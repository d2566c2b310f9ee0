/* Our reader of captures and our verifier against libpcap's.  Argument 1 is a capture.  */
#include "bpf.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#include "capture.h"
#include "support/probe-alloc.h"
#include "random-program.h"
#include "support/tap.h"

static const char *real_capture;
static struct probe_alloc probe;

/*---------------- Captures -----------------------------*/

static void load (void *arg) {
  capture_load ((struct capture *) arg, &probe.alloc, real_capture);
}

static void reads_what_libpcap_reads (void) {
  char error[PCAP_ERRBUF_SIZE];
  struct failure failure;
  struct capture capture;
  pcap_t *pcap =
      pcap_open_offline_with_tstamp_precision (real_capture, PCAP_TSTAMP_PRECISION_NANO, error);
  struct pcap_pkthdr *header;
  const u_char *bytes;
  size_t n = 0;
  REQUIRE (pcap != NULL);
  probe_alloc_init (&probe);
  memset (&capture, 0, sizeof (capture));
  REQUIRE (catch_failure (&failure, load, &capture) == 0);
  CHECK_INT (capture.link_type, pcap_datalink (pcap));
  CHECK_INT (capture.snaplen, pcap_snapshot (pcap));
  for (; pcap_next_ex (pcap, &header, &bytes) == 1; n++) {
    struct packet packet;
    REQUIRE (n < VARR_LENGTH (packet_t, capture.packets));
    packet = VARR_GET (packet_t, capture.packets, n);
    REQUIRE (packet.caplen == header->caplen);
    CHECK_INT (packet.wirelen, header->len);
    CHECK_INT (packet.time, (int64_t) header->ts.tv_sec * 1000000000 + header->ts.tv_usec);
    CHECK (memcmp (packet.bytes, bytes, packet.caplen) == 0);
  }
  CHECK_INT (n, VARR_LENGTH (packet_t, capture.packets));
  CHECK (n > 1000);
  capture_finish (&capture);
  CHECK_INT (probe_alloc_finish (&probe), 0);
  pcap_close (pcap);
}

/*---------------- Programs -----------------------------*/

static void verify (void *arg) {
  program_verify ((const struct program *) arg);
}

/* Random instructions: libpcap's check, which is weaker, accepts what our verifier accepts.  */
static void accepts_nothing_that_libpcap_refuses (void) {
  size_t accepted = 0;
  struct program program = {.path = "f.bpf"};
  probe_alloc_init (&probe);
  VARR_CREATE (insn_t, program.insns, &probe.alloc, 8);
  for (size_t n = tap_scaled (20000); n > 0; n--) {
    struct insn insns[8];
    struct bpf_insn libpcap_insns[8];
    struct failure failure;
    size_t len = 1 + (size_t) (tap_random () % 8), damaged = (size_t) (tap_random () % len);
    random_program (insns, len);
    insns[damaged].code ^= (uint16_t) (1 << tap_random () % 10);
    insns[damaged].jt ^= (uint8_t) (tap_random () % 4);
    for (size_t i = 0; i < len; i++)
      libpcap_insns[i] = (struct bpf_insn) {insns[i].code, insns[i].jt, insns[i].jf, insns[i].k};
    VARR_TRUNC (insn_t, program.insns, 0);
    VARR_PUSH_ARR (insn_t, program.insns, insns, len);
    if (catch_failure (&failure, verify, &program) != 0) continue;
    accepted++;
    CHECK (bpf_validate (libpcap_insns, (int) len));
  }
  CHECK (accepted > 0);
  VARR_DESTROY (insn_t, program.insns);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

int main (int argc, char **argv) {
  if (argc != 2) {
    fprintf (stderr, "usage: %s CAPTURE\n", argv[0]);
    return 1;
  }
  real_capture = argv[1];
  TEST_RUN (reads_what_libpcap_reads);
  TEST_RUN (accepts_nothing_that_libpcap_refuses);
  return tap_done ();
}
