/* Packets recorded by tcpdump, from classic pcap files of both byte orders, in microseconds or
   nanoseconds.  The file stays in memory, and packets point into it.  */
#ifndef MIR_EXAMPLES_PACKET_FILTER_CAPTURE_H
#define MIR_EXAMPLES_PACKET_FILTER_CAPTURE_H

#include <stdint.h> /* uint32_t */

#include "input.h"

typedef struct packet {
  const uint8_t *bytes;
  uint32_t caplen;  /* bytes kept */
  uint32_t wirelen; /* bytes on the wire, at least CAPLEN */
  uint64_t time;    /* nanoseconds since 1970 */
} packet_t;

DEF_VARR (packet_t)

struct capture {
  struct input file;
  uint32_t link_type; /* a LINKTYPE_ number for what packets begin with; 1 is Ethernet */
  uint32_t snaplen;   /* the most bytes that were kept of a packet */
  VARR (packet_t) *packets;
};

/* Fill CAPTURE, which is all zero, from the file PATH.  Fails if the file is not a well-formed
   capture or memory is refused; the caller finishes CAPTURE in any case.  */
void capture_load (struct capture *capture, MIR_alloc_t alloc, const char *path);
void capture_finish (struct capture *capture);

#endif /* MIR_EXAMPLES_PACKET_FILTER_CAPTURE_H */
