/* Runs a fuzz target on files where there is no libFuzzer.  Arguments: files and folders.  Prints
   TAP; a target that finds a fault ends the program.  */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static int inputs;

static int run_file (const char *path) {
  FILE *file = fopen (path, "rb");
  long size = -1;
  uint8_t *bytes = NULL;
  int ok = file != NULL && fseek (file, 0, SEEK_END) == 0 && (size = ftell (file)) >= 0;
  if (ok) bytes = (uint8_t *) malloc ((size_t) size); /* exact, so that checkers know its end */
  if (ok) rewind (file);
  ok = ok && (size == 0 || bytes != NULL) && fread (bytes, 1, (size_t) size, file) == (size_t) size;
  if (ok) LLVMFuzzerTestOneInput (bytes, (size_t) size);
  if (!ok) fprintf (stderr, "run-corpus: %s cannot be read\n", path);
  free (bytes);
  if (file != NULL) fclose (file);
  inputs += ok;
  return ok ? 0 : -1;
}

static int run_folder (DIR *folder, const char *path) {
  char name[1000];
  struct dirent *entry;
  int result = 0;
  while ((entry = readdir (folder)) != NULL) {
    if (entry->d_name[0] == '.') continue;
    snprintf (name, sizeof (name), "%s/%s", path, entry->d_name);
    if (run_file (name) != 0) result = -1;
  }
  return result;
}

int main (int argc, char **argv) {
  int result = 0;
  for (int i = 1; i < argc; i++) {
    DIR *folder = opendir (argv[i]);
    if ((folder != NULL ? run_folder (folder, argv[i]) : run_file (argv[i])) != 0) result = -1;
    if (folder != NULL) closedir (folder);
  }
  if (inputs == 0) result = -1;
  printf ("1..1\n%s 1 - %d inputs\n", result == 0 ? "ok" : "not ok", inputs);
  printf ("# %d passed, %d failed, 0 skipped\n", result == 0, result != 0);
  return result == 0 ? 0 : 1;
}
