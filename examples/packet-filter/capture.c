/* Reads pcap files.  */
#include "capture.h"

/* The header of the file, with the offsets that are used here, and the header of a packet:

     0 magic | 4 version | 8 time zone, accuracy | 16 snaplen | 20 link type
     0 seconds | 4 their fraction | 8 bytes kept | 12 bytes on the wire | the bytes kept ...  */
#define FILE_HEADER 24
#define PACKET_HEADER 16

#define MAGIC_MICROSECONDS 0xa1b2c3d4
#define MAGIC_NANOSECONDS 0xa1b23c4d
#define MAGIC_PCAPNG 0x0a0d0d0a /* reads the same in both byte orders */
#define SNAPLEN_MAX 262144      /* libpcap's limit */

struct format {
  int big_endian;
  uint32_t ticks_per_second;
};

static uint32_t get_32 (const uint8_t *p, int big_endian) {
  if (big_endian)
    return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
  return (uint32_t) p[3] << 24 | (uint32_t) p[2] << 16 | (uint32_t) p[1] << 8 | p[0];
}

static struct format recognise (const uint8_t *header, const char *path) {
  for (int big_endian = 0; big_endian < 2; big_endian++) {
    uint32_t magic = get_32 (header, big_endian);
    if (magic == MAGIC_MICROSECONDS) return (struct format) {big_endian, 1000000};
    if (magic == MAGIC_NANOSECONDS) return (struct format) {big_endian, 1000000000};
  }
  if (get_32 (header, 0) == MAGIC_PCAPNG)
    fail (MIR_binary_io_error,
          "%s: this is pcapng; convert it to classic pcap with editcap -F pcap", path);
  fail (MIR_binary_io_error, "%s: not a pcap file", path);
}

/* The packet whose header is at P, with LEFT bytes up to the end of the file.  */
static struct packet read_packet (const struct capture *capture, struct format format,
                                  const uint8_t *p, size_t left, const char *path) {
  size_t number = VARR_LENGTH (packet_t, capture->packets) + 1;
  struct packet packet;
  uint32_t fraction;
  if (left < PACKET_HEADER)
    fail (MIR_binary_io_error, "%s: packet %zu: the file ends within its header", path, number);
  fraction = get_32 (p + 4, format.big_endian);
  packet.bytes = p + PACKET_HEADER;
  packet.caplen = get_32 (p + 8, format.big_endian);
  packet.wirelen = get_32 (p + 12, format.big_endian);
  packet.time = get_32 (p, format.big_endian) * UINT64_C (1000000000)
                + fraction * (UINT64_C (1000000000) / format.ticks_per_second);

  if (fraction >= format.ticks_per_second)
    fail (MIR_binary_io_error, "%s: packet %zu: the fraction of its second is a second or more",
          path, number);
  if (packet.caplen > capture->snaplen)
    fail (MIR_binary_io_error, "%s: packet %zu: %lu bytes kept, the capture's limit is %lu", path,
          number, (unsigned long) packet.caplen, (unsigned long) capture->snaplen);
  if (packet.caplen > packet.wirelen)
    fail (MIR_binary_io_error, "%s: packet %zu: %lu bytes kept of %lu", path, number,
          (unsigned long) packet.caplen, (unsigned long) packet.wirelen);
  if (packet.caplen > left - PACKET_HEADER)
    fail (MIR_binary_io_error, "%s: packet %zu: the file ends %zu bytes too early", path, number,
          packet.caplen - (left - PACKET_HEADER));
  return packet;
}

void capture_load (struct capture *capture, MIR_alloc_t alloc, const char *path) {
  const uint8_t *file;
  size_t len;
  uint32_t version;
  struct format format;
  input_read (&capture->file, alloc, path);
  VARR_CREATE (packet_t, capture->packets, alloc, 1024);
  file = VARR_ADDR (uint8_t, capture->file.bytes);
  len = VARR_LENGTH (uint8_t, capture->file.bytes);

  if (len < FILE_HEADER) fail (MIR_binary_io_error, "%s: too short for a pcap file", path);
  format = recognise (file, path);
  version = get_32 (file + 4, format.big_endian);
  if (version != (format.big_endian ? 0x00020004 : 0x00040002)) /* 2.4, as two 16-bit numbers */
    fail (MIR_binary_io_error, "%s: pcap of another version than 2.4", path);
  capture->snaplen = get_32 (file + 16, format.big_endian);
  if (capture->snaplen == 0) capture->snaplen = SNAPLEN_MAX; /* as in libpcap */
  if (capture->snaplen > SNAPLEN_MAX)
    fail (MIR_binary_io_error, "%s: packets of up to %lu bytes, the limit is %d", path,
          (unsigned long) capture->snaplen, SNAPLEN_MAX);
  /* The upper bits are the size of a checksum.  */
  capture->link_type = get_32 (file + 20, format.big_endian) & 0xffff;

  for (size_t at = FILE_HEADER; at < len;) {
    struct packet packet = read_packet (capture, format, file + at, len - at, path);
    VARR_PUSH (packet_t, capture->packets, packet);
    at += PACKET_HEADER + packet.caplen;
  }
  if (VARR_LENGTH (packet_t, capture->packets) == 0)
    fail (MIR_binary_io_error, "%s: no packets", path);
}

void capture_finish (struct capture *capture) {
  if (capture->packets != NULL) VARR_DESTROY (packet_t, capture->packets);
  input_finish (&capture->file);
}
