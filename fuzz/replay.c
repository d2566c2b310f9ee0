/* The fuzz target without libFuzzer, for every compiler and sanitizer: files that are named, and
   random images. Prints TAP.

   usage: replay RUNS [FILE...]  */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "mutate.h"
#include "tap.h"

enum { SIZE_MAX_IMAGE = 8192, CHANGES_MAX = 6 };

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator (uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate (uint8_t *data, size_t size, size_t max_size);

static size_t runs;
static char **files;

/* What libFuzzer has: bytes, without knowing what they are.  */
size_t LLVMFuzzerMutate (uint8_t *data, size_t size, size_t max_size) {
  if (size < max_size && tap_random () % 8 == 0) data[size++] = (uint8_t) tap_random ();
  if (size > 0) data[tap_random () % size] = (uint8_t) tap_random ();
  return size;
}

/* In a block of its size, so that a sanitizer sees its end.  */
static void run (const uint8_t *data, size_t size) {
  uint8_t *copy = malloc (size > 0 ? size : 1);
  REQUIRE (copy != NULL);
  for (size_t i = 0; i < size; i++) copy[i] = data[i];
  LLVMFuzzerTestOneInput (copy, size);
  free (copy);
}

/* The target aborts if something is wrong.  */
static void files_are_read_and_edited_as_they_should (void) {
  static uint8_t data[1 << 20];
  unsigned num = 0;
  for (char **file = files; *file != NULL; file++, num++) {
    FILE *in = fopen (*file, "rb");
    REQUIRE (in != NULL);
    size_t size = fread (data, 1, sizeof (data), in);
    fclose (in);
    run (data, size);
  }
  tap_note ("%u files", num);
  CHECK (num > 0);
}

static void random_images_are_read_and_edited_as_they_should (void) {
  static uint8_t data[SIZE_MAX_IMAGE];
  size_t made = 0;
  for (size_t i = 0; i < runs; i++) {
    size_t size = mutate_image (data, 0, sizeof (data), (unsigned) tap_random ());
    made += size > 0; /* some would be too large */
    for (uint64_t changes = tap_random () % CHANGES_MAX; changes > 0; changes--) {
      size = LLVMFuzzerCustomMutator (data, size, sizeof (data), (unsigned) tap_random ());
      CHECK (size <= sizeof (data));
      run (data, size);
    }
  }
  CHECK (made > runs / 2);
}

int main (int argc, char **argv) {
  runs = argc > 1 ? tap_scaled ((size_t) atoi (argv[1])) : 0;
  files = argv + 2;
  if (argc > 2) TEST_RUN (files_are_read_and_edited_as_they_should);
  TEST_RUN (random_images_are_read_and_edited_as_they_should);
  return tap_done ();
}
