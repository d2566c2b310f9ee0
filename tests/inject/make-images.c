/* Writes images to files.

   usage: make-images seeds FOLDER       one of each kind, plain and injected: seeds for the fuzzer
          make-images kind NUMBER FILE   one kind
          make-images large BYTES FILE   a program of that size  */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inject/edit/edit.h"
#include "inject/pe/imports.h"
#include "inject/pe/layout.h"
#include "image.h"

static int save (const char *path, const void *bytes, size_t size) {
  FILE *file = fopen (path, "wb");
  int done = file != NULL && fwrite (bytes, 1, size, file) == size;
  if (file != NULL && fclose (file) != 0) done = 0;
  if (!done) perror (path);
  return done ? 0 : 1;
}

static int save_image (const struct image_spec *spec, const char *path) {
  size_t size;
  uint8_t *image = image_make (spec, &size);
  int status = image != NULL ? save (path, image, size) : 1;
  free (image);
  return status;
}

static int save_injected (const struct image_spec *spec, const char *path) {
  struct edit_request request = {.dll = "mir-ucrt.dll", .symbol = "mi_version"};
  size_t size;
  struct pe pe;
  struct pe_error error;
  struct edit edit = {0};
  uint8_t *image = image_make (spec, &size), *result = NULL;
  int status = image == NULL || pe_open (&pe, image, size, PE_FILE, &error) != 0;
  if (status == 0 && edit_inject (&edit, &pe, &request, &error) == 0) { /* some kinds are refused */
    result = edit_flatten (&edit);
    status = result != NULL ? save (path, result, (size_t) edit.size) : 1;
  }
  edit_free (&edit);
  free (result);
  free (image);
  return status;
}

static int save_seeds (const char *folder) {
  struct image_spec spec;
  const char *name;
  int status = 0;
  for (unsigned i = 0; status == 0 && image_kind (i, &spec, &name); i++) {
    char path[1024];
    snprintf (path, sizeof (path), "%s/%02u-plain", folder, i);
    status = save_image (&spec, path);
    snprintf (path, sizeof (path), "%s/%02u-injected", folder, i);
    if (status == 0) status = save_injected (&spec, path);
  }
  return status;
}

int main (int argc, char **argv) {
  struct image_spec spec = {0x8664, IMAGE_PLUS | IMAGE_OVERLAY, 0, 0};
  const char *name;
  if (argc == 3 && strcmp (argv[1], "seeds") == 0) return save_seeds (argv[2]);
  if (argc == 4 && strcmp (argv[1], "kind") == 0)
    return image_kind ((unsigned) atoi (argv[2]), &spec, &name) ? save_image (&spec, argv[3]) : 1;
  if (argc == 4 && strcmp (argv[1], "large") == 0) {
    spec.large = (unsigned) atoi (argv[2]);
    return save_image (&spec, argv[3]);
  }
  fprintf (stderr, "make-images: see the head of make-images.c\n");
  return 1;
}
