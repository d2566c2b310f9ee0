/* Drives zlib: compresses a text and takes it apart again.  */
#include "adapters/mir-zlib.h"

#include <string.h>

#include "guests/guest.h"
#include "guests/record.h"
#include "guests/text.h"

enum { LEN = 200000 };

static unsigned char text[LEN], packed[LEN], unpacked[LEN];

static voidpf record_zlib_alloc (voidpf opaque, uInt items, uInt size) {
  return record_opaque_array (opaque, items, size);
}

static void use (z_streamp stream, MIR_alloc_t alloc) {
  memset (stream, 0, sizeof (*stream));
  if (alloc != NULL)
    MIR_zlib_use (stream, alloc);
  else
    stream->zalloc = record_zlib_alloc, stream->zfree = record_opaque_free;
}

static enum guest_result result_of (int code) {
  return code == Z_OK || code == Z_STREAM_END ? GUEST_RIGHT
         : code == Z_MEM_ERROR                ? GUEST_NO_MEMORY
                                              : GUEST_WRONG;
}

static enum guest_result pack (MIR_alloc_t alloc, uInt *len) {
  z_stream stream;
  use (&stream, alloc);
  int res = deflateInit (&stream, Z_DEFAULT_COMPRESSION);
  if (res != Z_OK) return result_of (res);
  stream.next_in = text;
  stream.avail_in = LEN;
  stream.next_out = packed;
  stream.avail_out = LEN;
  res = deflate (&stream, Z_FINISH);
  *len = LEN - stream.avail_out;
  deflateEnd (&stream);
  return result_of (res);
}

static enum guest_result unpack (MIR_alloc_t alloc, uInt len) {
  z_stream stream;
  use (&stream, alloc);
  int res = inflateInit (&stream);
  if (res != Z_OK) return result_of (res);
  stream.next_in = packed;
  stream.avail_in = len;
  stream.next_out = unpacked;
  while (res == Z_OK) { /* in two pieces: zlib takes a window only for what comes later */
    uInt done = (uInt) stream.total_out;
    stream.avail_out = done == 0 ? LEN / 2 : LEN - done;
    res = inflate (&stream, Z_NO_FLUSH);
  }
  inflateEnd (&stream);
  if (res != Z_STREAM_END) return result_of (res);
  return memcmp (text, unpacked, LEN) == 0 ? GUEST_RIGHT : GUEST_WRONG;
}

static enum guest_result there_and_back (MIR_alloc_t alloc) {
  uInt len = 0;
  guest_text ((char *) text, LEN);
  enum guest_result res = pack (alloc, &len);
  return res == GUEST_RIGHT ? unpack (alloc, len) : res;
}

const char *guest_version (void) {
  return zlibVersion ();
}

const struct guest guests[] = {
    {.name = "zlib", .run = there_and_back, .refusals = GUEST_FAILS_CLEANLY},
    {.name = NULL},
};
