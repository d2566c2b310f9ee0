/* zlib on a MIR_alloc.  */
#include "adapters/mir-zlib.h"

#include <string.h>

#include "mir-heap.h"
#include "probe-alloc.h"
#include "tap.h"

enum { TEXT = 50000 };

static unsigned char text[TEXT], packed[TEXT], unpacked[TEXT];

/* Z_OK, Z_MEM_ERROR, or anything else.  */
static int pack_and_unpack (MIR_alloc_t alloc) {
  z_stream stream;
  memset (&stream, 0, sizeof (stream));
  MIR_zlib_use (&stream, alloc);
  for (int i = 0; i < TEXT; i++)
    text[i] = (unsigned char) ("a text which repeats "[i % 21] + i / 9999);
  int res = deflateInit (&stream, 9);
  if (res != Z_OK) return res;
  stream.next_in = text, stream.avail_in = TEXT;
  stream.next_out = packed, stream.avail_out = TEXT;
  res = deflate (&stream, Z_FINISH);
  uInt packed_len = TEXT - stream.avail_out;
  deflateEnd (&stream);
  if (res != Z_STREAM_END) return res;
  memset (&stream, 0, sizeof (stream));
  MIR_zlib_use (&stream, alloc);
  res = inflateInit (&stream);
  if (res != Z_OK) return res;
  stream.next_in = packed, stream.avail_in = packed_len;
  memset (unpacked, 0, TEXT);
  while (res == Z_OK) { /* in steps, so that zlib needs a window */
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
  MIR_checking_t checking;
  probe_alloc_init (&probe);
  REQUIRE (MIR_checking_create (&probe.alloc, NULL, &checking) == MIR_HEAP_OK);
  CHECK_INT (pack_and_unpack (&checking->alloc), Z_OK);
  CHECK (probe.peak_bytes > 200000);
  CHECK_INT (MIR_checking_finish (checking), 0);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void every_refusal_is_survived (void) {
  for (long n = 0, failed = 1; failed != 0; n++) {
    struct probe_alloc probe;
    probe_alloc_init (&probe);
    probe_alloc_fail_after (&probe, n, 0);
    int res = pack_and_unpack (&probe.alloc);
    failed = (long) probe.failed;
    CHECK_INT (res, failed != 0 ? Z_MEM_ERROR : Z_OK);
    CHECK_INT (probe_alloc_finish (&probe), 0);
    REQUIRE (n < 100);
  }
}

int main (void) {
  TEST_RUN (text_is_the_same_and_nothing_is_left);
  TEST_RUN (every_refusal_is_survived);
  return tap_done ();
}
