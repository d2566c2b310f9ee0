/* Packets recorded by tcpdump: classic pcap files.

   Both byte orders, microseconds and nanoseconds.  The file stays in memory, packets point into it.
 */
#ifndef PACKET_FILTER_CAPTURE_H
#define PACKET_FILTER_CAPTURE_H

#include <stdint.h> /* uint32_t */

#include "input.h"

typedef struct packet {
  const uint8_t *bytes;
  uint32_t caplen;  /* bytes kept */
  uint32_t wirelen; /* bytes there were, at least CAPLEN */
  uint64_t time;    /* nanoseconds since 1970 */
} packet_t;

DEF_VARR (packet_t)

struct capture {
  struct input file;
  uint32_t link_type; /* what packets begin with, a LINKTYPE_ number: 1 is Ethernet */
  uint32_t snaplen;   /* at most so many bytes of each packet were kept */
  VARR (packet_t) *packets;
};

/* Fill CAPTURE, all zero before, from the file PATH.  Fails when the file is not a well-formed
   capture or memory is refused; CAPTURE is to be finished in any case.  */
void capture_load (struct capture *capture, MIR_alloc_t alloc, const char *path);
void capture_finish (struct capture *capture);

#endif /* PACKET_FILTER_CAPTURE_H */
