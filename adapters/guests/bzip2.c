/* Drives bzip2: compresses a text and takes it apart again.  */
#include "adapters/mir-bzip2.h"

#include <stdio.h>
#include <string.h>

#include "guests/guest.h"
#include "guests/record.h"
#include "guests/text.h"

enum { LEN = 400000 };

static char text[LEN], packed[LEN], unpacked[LEN];

static void *record_bzip2_alloc (void *opaque, int items, int size) {
  return record_opaque_array (opaque, (size_t) items, (size_t) size);
}

static void use (bz_stream *stream, MIR_alloc_t alloc) {
  memset (stream, 0, sizeof (*stream));
  if (alloc != NULL) {
    MIR_bzip2_use (stream, alloc);
  } else {
    stream->bzalloc = record_bzip2_alloc;
    stream->bzfree = record_opaque_free;
  }
}

static enum guest_result failure (int code) {
  return code == BZ_MEM_ERROR ? GUEST_NO_MEMORY : GUEST_WRONG;
}

static enum guest_result there_and_back (MIR_alloc_t alloc) {
  bz_stream stream;
  guest_text (text, LEN);
  use (&stream, alloc);
  int res = BZ2_bzCompressInit (&stream, 9, 0, 0);
  if (res != BZ_OK) return failure (res);
  stream.next_in = text, stream.avail_in = LEN;
  stream.next_out = packed, stream.avail_out = LEN;
  do res = BZ2_bzCompress (&stream, BZ_FINISH);
  while (res == BZ_FINISH_OK);
  unsigned len = LEN - stream.avail_out;
  BZ2_bzCompressEnd (&stream);
  if (res != BZ_STREAM_END) return failure (res);
  use (&stream, alloc);
  res = BZ2_bzDecompressInit (&stream, 0, 0);
  if (res != BZ_OK) return failure (res);
  stream.next_in = packed, stream.avail_in = len;
  stream.next_out = unpacked, stream.avail_out = LEN;
  do res = BZ2_bzDecompress (&stream);
  while (res == BZ_OK);
  BZ2_bzDecompressEnd (&stream);
  if (res != BZ_STREAM_END) return failure (res);
  return memcmp (text, unpacked, LEN) == 0 ? GUEST_RIGHT : GUEST_WRONG;
}

const char *guest_version (void) {
  static char version[32]; /* 1.0.8, 13-Jul-2019 */
  snprintf (version, sizeof (version), "%s", BZ2_bzlibVersion ());
  version[strcspn (version, ",")] = 0;
  return version;
}

const struct guest guests[] = {
    {.name = "bzip2", .run = there_and_back, .refusals = GUEST_FAILS_CLEANLY},
    {.name = NULL},
};
