/* Drives brotli: compresses a text and takes it apart again.  */
#include "adapters/mir-brotli.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <stdio.h>
#include <string.h>

#include "guests/guest.h"
#include "guests/record.h"
#include "guests/text.h"

enum { LEN = 256000 };

static char text[LEN], unpacked[LEN];
static uint8_t packed[LEN];

struct functions {
  brotli_alloc_func alloc;
  brotli_free_func free;
  void *opaque;
};

static struct functions functions_of (MIR_alloc_t alloc) {
  const struct functions recorder = {record_opaque_malloc, record_opaque_free, NULL};
  const struct functions adapter = {MIR_BROTLI_FUNCTIONS (alloc)};
  return alloc != NULL ? adapter : recorder;
}

/* The encoder says of every failure the same.  */
static enum guest_result pack (const struct functions *mem, size_t *len) {
  BrotliEncoderState *state = BrotliEncoderCreateInstance (mem->alloc, mem->free, mem->opaque);
  if (state == NULL) return GUEST_NO_MEMORY;
  BrotliEncoderSetParameter (state, BROTLI_PARAM_QUALITY, 11);
  BrotliEncoderSetParameter (state, BROTLI_PARAM_LGWIN, 24);
  BrotliEncoderSetParameter (state, BROTLI_PARAM_SIZE_HINT, LEN);
  const uint8_t *in = (const uint8_t *) text;
  uint8_t *out = packed;
  size_t in_left = LEN, out_left = sizeof (packed);
  BROTLI_BOOL is_good = BrotliEncoderCompressStream (state, BROTLI_OPERATION_FINISH, &in_left, &in,
                                                     &out_left, &out, NULL);
  is_good = is_good && BrotliEncoderIsFinished (state);
  BrotliEncoderDestroyInstance (state);
  *len = sizeof (packed) - out_left;
  return is_good ? GUEST_RIGHT : GUEST_NO_MEMORY;
}

static enum guest_result unpack (const struct functions *mem, size_t len) {
  BrotliDecoderState *state = BrotliDecoderCreateInstance (mem->alloc, mem->free, mem->opaque);
  if (state == NULL) return GUEST_NO_MEMORY;
  const uint8_t *in = packed;
  uint8_t *out = (uint8_t *) unpacked;
  size_t in_left = len, out_left = LEN;
  BrotliDecoderResult res =
      BrotliDecoderDecompressStream (state, &in_left, &in, &out_left, &out, NULL);
  BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode (state);
  BrotliDecoderDestroyInstance (state);
  if (res == BROTLI_DECODER_RESULT_ERROR)
    return code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES
                   && code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES
               ? GUEST_NO_MEMORY
               : GUEST_WRONG;
  return out_left == 0 && memcmp (text, unpacked, LEN) == 0 ? GUEST_RIGHT : GUEST_WRONG;
}

static enum guest_result there_and_back (MIR_alloc_t alloc) {
  struct functions mem = functions_of (alloc);
  size_t len = 0;
  guest_text (text, LEN);
  enum guest_result res = pack (&mem, &len);
  return res == GUEST_RIGHT ? unpack (&mem, len) : res;
}

const char *guest_version (void) {
  static char text_of[16];
  uint32_t version = BrotliEncoderVersion ();
  snprintf (text_of, sizeof (text_of), "%u.%u.%u", version >> 24, (version >> 12) & 0xfff,
            version & 0xfff);
  return text_of;
}

const struct guest guests[] = {
    {.name = "brotli, quality 11, lgwin 24",
     .run = there_and_back,
     .refusals = GUEST_NOT_ALWAYS,
     .points = 40},
    {.name = NULL},
};
