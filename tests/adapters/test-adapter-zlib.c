/* The zlib adapter: zlib on a MIR_alloc.  */
#include "adapters/mir-zlib.h"

#include <string.h>

#include "adapters/adapter-fixture.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

enum { TEXT = 50000 };

static unsigned char text[TEXT], packed[TEXT], unpacked[TEXT];

/* Z_OK on success, Z_MEM_ERROR, or any other status.  */
static int pack_and_unpack (MIR_alloc_t alloc) {
  z_stream stream;
  memset (&stream, 0, sizeof (stream));
  MIR_zlib_use (&stream, alloc);
  for (int i = 0; i < TEXT; i++)
    text[i] = (unsigned char) ("a text which repeats "[i % 21] + i / 9999);
  int res = deflateInit (&stream, 9);
  if (res != Z_OK) return res;
  stream.next_in = text;
  stream.avail_in = TEXT;
  stream.next_out = packed;
  stream.avail_out = TEXT;
  res = deflate (&stream, Z_FINISH);
  uInt packed_len = TEXT - stream.avail_out;
  deflateEnd (&stream);
  if (res != Z_STREAM_END) return res;
  memset (&stream, 0, sizeof (stream));
  MIR_zlib_use (&stream, alloc);
  res = inflateInit (&stream);
  if (res != Z_OK) return res;
  stream.next_in = packed;
  stream.avail_in = packed_len;
  memset (unpacked, 0, TEXT);
  while (res == Z_OK) { /* in steps, so that zlib allocates its window */
    stream.next_out = unpacked + stream.total_out;
    stream.avail_out = TEXT - stream.total_out < 1000 ? (uInt) (TEXT - stream.total_out) : 1000;
    res = inflate (&stream, Z_NO_FLUSH);
  }
  inflateEnd (&stream);
  if (res != Z_STREAM_END) return res;
  return packed_len < TEXT / 10 && memcmp (text, unpacked, TEXT) == 0 ? Z_OK : Z_DATA_ERROR;
}

static void text_is_the_same_and_nothing_is_left (void) {
  struct probe_alloc probe;
  check_nothing_is_left (pack_and_unpack, Z_OK, &probe);
  CHECK (probe.peak_bytes > 200000);
}

static void every_refusal_is_survived (void) {
  check_every_refusal (pack_and_unpack, Z_OK, Z_MEM_ERROR);
}

int main (void) {
  TEST_RUN (text_is_the_same_and_nothing_is_left);
  TEST_RUN (every_refusal_is_survived);
  return tap_done ();
}
