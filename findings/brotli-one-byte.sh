#!/bin/sh
# brotli 1.0.9, the streaming encoder through its allocator hook: for one byte of input quality 9 asks for one block of 33.6
# MB with a window of 2^20 or more, quality 11, the slower one, for none above 0.6 MB.  A host that gives each
# compression a memory limit has to know the quality, not the input.  The hook is asked to free NULL, too.
. "$(dirname "$0")/unpack.sh"
unpack libbrotli1=1.0.9-2+deb12u1 libbrotli-dev=1.0.9-2+deb12u1
cat >"$work/one-byte.c" <<'C'
#include <brotli/encode.h>
#include <stdio.h>
#include <stdlib.h>

static size_t largest;
static int blocks, nulls;

static void *take (void *data, size_t size) {
  (void) data;
  blocks++;
  if (size > largest) largest = size;
  return malloc (size);
}

static void give (void *data, void *block) {
  (void) data;
  nulls += block == NULL;
  free (block);
}

static void compress (unsigned quality, unsigned window) {
  BrotliEncoderState *state = BrotliEncoderCreateInstance (take, give, NULL);
  const uint8_t *in = (const uint8_t *) "x";
  uint8_t buffer[100], *out = buffer;
  size_t in_len = 1, out_len = sizeof buffer;
  blocks = nulls = 0, largest = 0;
  BrotliEncoderSetParameter (state, BROTLI_PARAM_QUALITY, quality);
  BrotliEncoderSetParameter (state, BROTLI_PARAM_LGWIN, window);
  BrotliEncoderCompressStream (state, BROTLI_OPERATION_PROCESS, &in_len, &in, &out_len, &out, NULL);
  BrotliEncoderCompressStream (state, BROTLI_OPERATION_FINISH, &in_len, &in, &out_len, &out, NULL);
  BrotliEncoderDestroyInstance (state);
  printf ("quality %u, window 2^%u: largest block %zu, NULL freed %d times\n", quality, window, largest, nulls);
}

int main (void) {
  compress (9, 16);
  compress (9, 20);
  compress (10, 20);
  compress (11, 20);
  compress (11, 24);
}
C
cc -I"$root/usr/include" -o "$work/one-byte" "$work/one-byte.c" -L"$libraries" -lbrotlienc -lbrotlicommon
cat >"$work/expected" <<'EOF'
quality 9, window 2^16: largest block 1310720, NULL freed 4 times
quality 9, window 2^20: largest block 33619968, NULL freed 4 times
quality 10, window 2^20: largest block 524296, NULL freed 4 times
quality 11, window 2^20: largest block 524296, NULL freed 4 times
quality 11, window 2^24: largest block 524296, NULL freed 4 times
EOF
"$work/one-byte" | compare
