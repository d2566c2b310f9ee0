/* Runs the fuzz target for PE files without libFuzzer, with every compiler and sanitizer: on files
   that are named, and on random images.  Prints TAP.

   usage: replay-pe RUNS [FILE...]
          replay-pe cut FILE...     each file cut at every length, a larger one at 20000 lengths  */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mutate.h"
#include "inject/pe/imports.h"
#include "inject/pe/layout.h"
#include "support/tap.h"

enum { SIZE_MAX_IMAGE = 8192, CHANGES_MAX = 6, CUTS = 20000, LARGE = 200000 };

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator (uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate (uint8_t *data, size_t size, size_t max_size);

static size_t runs;
static char **files;

/* Stands in for libFuzzer's own mutator, which changes bytes without knowing what they mean.  */
size_t LLVMFuzzerMutate (uint8_t *data, size_t size, size_t max_size) {
  if (size < max_size && tap_random () % 8 == 0) data[size++] = (uint8_t) tap_random ();
  if (size > 0) data[tap_random () % size] = (uint8_t) tap_random ();
  return size;
}

/* The block is exact, so that a sanitizer knows its end.  */
static void run (const uint8_t *data, size_t size) {
  uint8_t *copy = malloc (size > 0 ? size : 1);
  REQUIRE (copy != NULL);
  for (size_t i = 0; i < size; i++) copy[i] = data[i];
  LLVMFuzzerTestOneInput (copy, size);
  free (copy);
}

static uint8_t *load (const char *path, size_t *size) {
  FILE *in = fopen (path, "rb");
  REQUIRE (in != NULL);
  REQUIRE (fseek (in, 0, SEEK_END) == 0);
  *size = (size_t) ftell (in);
  rewind (in);
  uint8_t *bytes = malloc (*size + 1);
  REQUIRE (bytes != NULL && fread (bytes, 1, *size, in) == *size);
  fclose (in);
  return bytes;
}

/* The target aborts if a result is wrong.  */
static void files_are_read_and_edited_as_they_should (void) {
  unsigned num = 0;
  for (char **file = files; *file != NULL; file++, num++) {
    size_t size;
    uint8_t *bytes = load (*file, &size);
    run (bytes, size);
    free (bytes);
  }
  tap_note ("%u files", num);
  CHECK (num > 0);
}

/* A cut file gives an error or the whole list.  */
static void files_cut_off_anywhere_are_safe (void) {
  for (char **file = files; *file != NULL; file++) {
    size_t size, listed = 0, cuts = 0;
    struct pe pe;
    struct pe_error error;
    uint8_t *bytes = load (*file, &size);
    REQUIRE (pe_open (&pe, bytes, size, PE_FILE, &error) == 0);
    int total = pe_imports_num (&pe);
    for (size_t n = 0; n < size;
         n += 1 + (size > LARGE ? tap_random () % (2 * size / CUTS) : 0), cuts++) {
      run (bytes, n);
      if (pe_open (&pe, bytes, n, PE_FILE, &error) != 0) continue;
      int num = pe_imports_num (&pe);
      CHECK (num == -1 || num == total);
      listed += num == total;
    }
    tap_note ("%s: %zu of %zu lengths have the whole list of %d", *file, listed, cuts, total);
    free (bytes);
  }
}

static void random_images_are_read_and_edited_as_they_should (void) {
  static uint8_t data[SIZE_MAX_IMAGE];
  size_t made = 0;
  for (size_t i = 0; i < runs; i++) {
    size_t size = mutate_image (data, 0, sizeof (data), (unsigned) tap_random ());
    made += size > 0; /* the others would be too large */
    for (uint64_t changes = tap_random () % CHANGES_MAX; changes > 0; changes--) {
      size = LLVMFuzzerCustomMutator (data, size, sizeof (data), (unsigned) tap_random ());
      CHECK (size <= sizeof (data));
      run (data, size);
    }
  }
  CHECK (made > runs / 2);
}

int main (int argc, char **argv) {
  files = argv + 2;
  if (argc > 2 && strcmp (argv[1], "cut") == 0) {
    TEST_RUN (files_cut_off_anywhere_are_safe);
    return tap_done ();
  }
  runs = argc > 1 ? tap_scaled ((size_t) atoi (argv[1])) : 0;
  if (argc > 2) TEST_RUN (files_are_read_and_edited_as_they_should);
  TEST_RUN (random_images_are_read_and_edited_as_they_should);
  return tap_done ();
}
