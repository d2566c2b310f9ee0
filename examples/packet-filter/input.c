#include "input.h"

#include <errno.h>
#include <string.h>

void input_read (struct input *in, MIR_alloc_t alloc, const char *path) {
  uint8_t chunk[16384];
  size_t len;

  if (in->bytes == NULL) VARR_CREATE (uint8_t, in->bytes, alloc, sizeof chunk);
  VARR_TRUNC (uint8_t, in->bytes, 0);

  in->stream = fopen (path, "rb");
  if (in->stream == NULL) fail (MIR_binary_io_error, "%s: %s", path, strerror (errno));
  while ((len = fread (chunk, 1, sizeof chunk, in->stream)) > 0)
    VARR_PUSH_ARR (uint8_t, in->bytes, chunk, len);
  if (ferror (in->stream)) fail (MIR_binary_io_error, "%s: %s", path, strerror (errno));
  fclose (in->stream);
  in->stream = NULL;
}

void input_finish (struct input *in) {
  if (in->stream != NULL) fclose (in->stream);
  if (in->bytes != NULL) VARR_DESTROY (uint8_t, in->bytes);
  in->stream = NULL;
}
