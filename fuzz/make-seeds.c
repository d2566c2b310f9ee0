/* Writes an image of each kind, as it is and injected into, to a folder: the first seeds.  */
#include <stdio.h>
#include <stdlib.h>
#include "edit.h"
#include "image.h"

static int save (const char *folder, unsigned number, const char *kind, const void *bytes,
                 size_t size) {
  char path[1024];
  snprintf (path, sizeof (path), "%s/%02u-%s", folder, number, kind);
  FILE *file = fopen (path, "wb");
  int done = file != NULL && fwrite (bytes, 1, size, file) == size;
  if (file != NULL && fclose (file) != 0) done = 0;
  if (!done) perror (path);
  return done ? 0 : -1;
}

int main (int argc, char **argv) {
  edit_request_t request = {.dll = "mir-ucrt.dll", .symbol = "mi_version"};
  image_spec_t spec;
  const char *name;
  int status = argc == 2 ? 0 : 1;
  for (unsigned i = 0; status == 0 && image_kind (i, &spec, &name); i++) {
    size_t size;
    pe_t pe;
    pe_error_t error;
    edit_t edit = {0};
    uint8_t *image = image_make (&spec, &size), *result = NULL;
    if (image == NULL || pe_open (&pe, image, size, PE_FILE, &error) != 0) return 1;
    status = save (argv[1], i, "plain", image, size);
    if (edit_inject (&edit, &pe, &request, &error) == 0 && (result = edit_flatten (&edit)) != NULL)
      status |= save (argv[1], i, "injected", result, (size_t) edit.size);
    edit_free (&edit);
    free (result);
    free (image);
  }
  return status == 0 ? 0 : 1;
}
