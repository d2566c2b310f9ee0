/* Drives liblzma: compresses a text and takes it apart again.  */
#include "adapters/mir-lzma.h"

#include <string.h>

#include "guests/guest.h"
#include "guests/record.h"
#include "guests/text.h"

enum { LEN = 100000 };

static char text[LEN], unpacked[LEN];
static uint8_t packed[LEN];

static enum guest_result result_of (lzma_ret code) {
  return code == LZMA_STREAM_END  ? GUEST_RIGHT
         : code == LZMA_MEM_ERROR ? GUEST_NO_MEMORY
                                  : GUEST_WRONG;
}

/* Run STREAM over IN; the bytes that came are in LEN_RES.  */
static enum guest_result code (lzma_stream *stream, const void *in, size_t in_len, void *out,
                               size_t out_len, size_t *len_res) {
  stream->next_in = (const uint8_t *) in;
  stream->avail_in = in_len;
  stream->next_out = (uint8_t *) out;
  stream->avail_out = out_len;
  lzma_ret res = LZMA_OK;
  while (res == LZMA_OK) res = lzma_code (stream, LZMA_FINISH);
  *len_res = out_len - stream->avail_out;
  lzma_end (stream);
  return result_of (res);
}

static enum guest_result there_and_back (MIR_alloc_t alloc, int threads) {
  const lzma_allocator recorder = {record_opaque_array, record_opaque_free, NULL};
  const lzma_allocator allocator = alloc != NULL ? MIR_lzma_allocator (alloc) : recorder;
  lzma_stream stream = LZMA_STREAM_INIT;
  const lzma_mt mt = {.threads = 2, .preset = 6, .check = LZMA_CHECK_CRC64, .block_size = LEN / 2};
  size_t len = 0, out = 0;
  guest_text (text, LEN);
  stream.allocator = &allocator;
  lzma_ret res = threads ? lzma_stream_encoder_mt (&stream, &mt)
                         : lzma_easy_encoder (&stream, 6, LZMA_CHECK_CRC64);
  if (res != LZMA_OK) {
    lzma_end (&stream);
    return result_of (res);
  }
  enum guest_result result = code (&stream, text, LEN, packed, LEN, &len);
  if (result != GUEST_RIGHT) return result;
  res = lzma_stream_decoder (&stream, UINT64_MAX, 0);
  if (res != LZMA_OK) {
    lzma_end (&stream);
    return result_of (res);
  }
  result = code (&stream, packed, len, unpacked, LEN, &out);
  if (result != GUEST_RIGHT) return result;
  return out == LEN && memcmp (text, unpacked, LEN) == 0 ? GUEST_RIGHT : GUEST_WRONG;
}

static enum guest_result alone (MIR_alloc_t alloc) {
  return there_and_back (alloc, 0);
}

static enum guest_result in_threads (MIR_alloc_t alloc) {
  return there_and_back (alloc, 1);
}

const char *guest_version (void) {
  return lzma_version_string ();
}

const struct guest guests[] = {
    {.name = "liblzma, preset 6", .run = alone, .refusals = GUEST_FAILS_CLEANLY},
    {.name = "liblzma, 2 threads", .run = in_threads, .refusals = GUEST_FAILS_CLEANLY, .varies = 1},
    {.name = NULL},
};
