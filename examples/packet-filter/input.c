/* Reads a whole file into an array.  */
#include "input.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Each context reads each file again, which a pipe does not allow; /dev/zero has no end.  */
static void expect_regular_file (const char *path) {
  struct stat status;
  if (stat (path, &status) != 0) fail (MIR_binary_io_error, "%s: %s", path, strerror (errno));
  if (!S_ISREG (status.st_mode)) fail (MIR_binary_io_error, "%s: not a regular file", path);
}

void input_read (struct input *in, MIR_alloc_t alloc, const char *path) {
  uint8_t chunk[16384];
  size_t len;
  if (in->bytes == NULL) VARR_CREATE (uint8_t, in->bytes, alloc, sizeof (chunk));
  VARR_TRUNC (uint8_t, in->bytes, 0);

  expect_regular_file (path);
  in->stream = fopen (path, "rb");
  if (in->stream == NULL) fail (MIR_binary_io_error, "%s: %s", path, strerror (errno));
  while ((len = fread (chunk, 1, sizeof (chunk), in->stream)) > 0)
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

#ifdef _WIN32
static const char separators[] = "/\\:";
#else
static const char separators[] = "/";
#endif

const char *base_name (const char *path) {
  const char *name = path;
  for (const char *p = path; (p = strpbrk (p, separators)) != NULL;) name = ++p;
  return name;
}
