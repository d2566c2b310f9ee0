/* Compares injecting into a program of 100 MB, and ejecting, with copying it.

   bench_compare measures CPU time; the wall time includes waiting for the disk, and both sides have
   the result on the disk when they end.  Files are in the working folder.  The copy reads the same
   file as the edit, because the speed of reading a file, even from memory, depends on how its pages
   came to be where they are.  */
#define _GNU_SOURCE /* copy_file_range */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../bench.h"
#include "inject/edit/edit.h"
#include "inject/pe/imports.h"
#include "inject/pe/layout.h"
#include "inject/file.h"
#include "image.h"

enum { IMAGE_BYTES = 100 * 1000 * 1000, WALL_ROUNDS = 15, SIDES = 3 };

static const char source[] = "bench-inject.exe", source_injected[] = "bench-eject.exe";
static const char copied[] = "bench-copied.exe", injected[] = "bench-injected.exe";
static const char ejected[] = "bench-ejected.exe";

static const char *edited; /* one of the two sources */

static void check (int ok, const char *what) {
  if (!ok) bench_fail (what);
}

static void remove_results (void) {
  unlink (copied);
  unlink (injected);
  unlink (ejected);
}

static int open_copy (int *in) {
  *in = open (edited, O_RDONLY);
  int out = open (copied, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  check (*in >= 0 && out >= 0, "a file cannot be opened");
  return out;
}

static void close_copy (int in, int out) {
  check (fsync (out) == 0 && close (out) == 0, "a file cannot be written");
  close (in);
}

/* As cp did for decades.  */
static void copy_by_reading (void) {
  static char buffer[128 * 1024];
  int in, out = open_copy (&in);
  ssize_t n;
  while ((n = read (in, buffer, sizeof (buffer))) > 0)
    check (write (out, buffer, (size_t) n) == n, "a file cannot be written");
  close_copy (in, out);
}

/* As cp does now.  */
static void copy_in_kernel (void) {
  int in, out = open_copy (&in);
  ssize_t n;
  while ((n = copy_file_range (in, NULL, out, NULL, 1 << 30, 0)) > 0) continue;
  check (n == 0, "a file cannot be copied");
  close_copy (in, out);
}

/* As mir-inject does: the new file is checked before it gets its name.  */
static void edit (const char *output, int ejects) {
  struct edit_request request = {.dll = "mir-ucrt.dll", .symbol = "mi_version"};
  struct pe_error error = {0};
  struct inject_file old, new;
  struct inject_file_new written;
  struct pe before, after;
  struct edit plan;
  if (inject_file_open (&old, edited, &error) != 0
      || pe_open (&before, old.bytes, old.size, PE_FILE, &error) != 0
      || (ejects ? edit_eject : edit_inject) (&plan, &before, &request, &error) != 0
      || inject_file_write (&written, output, &old, 0, &plan, &error) != 0
      || inject_file_read_back (&written, &new, &error) != 0
      || pe_open (&after, new.bytes, new.size, PE_FILE, &error) != 0
      || edit_check (&before, &after, &request, ejects, &error) != 0
      || inject_file_commit (&written, &old, 0, NULL, &error) != 0)
    bench_fail (error.text);
  check (ejects == ((plan.notes & EDIT_SAME_AS_BEFORE) != 0), "ejected is not what was injected");
  edit_free (&plan);
  inject_file_close (&new);
}

static void inject (void) {
  edit (injected, 0);
}
static void eject (void) {
  edit (ejected, 1);
}

static int compare_doubles (const void *a, const void *b) {
  double x = *(const double *) a, y = *(const double *) b;
  return (x > y) - (x < y);
}

static double now (void) {
  struct timespec t;
  clock_gettime (CLOCK_MONOTONIC, &t);
  return (double) t.tv_sec * 1e3 + (double) t.tv_nsec * 1e-6;
}

static void measure_wall (const struct bench_side *sides) {
  static double times[SIDES][WALL_ROUNDS];
  for (int round = 0; round < WALL_ROUNDS; round++)
    for (int i = 0; i < SIDES; i++) {
      sides[i].prepare ();
      double begin = now ();
      sides[i].run ();
      times[i][round] = now () - begin;
    }
  for (int i = 0; i < SIDES; i++) {
    qsort (times[i], WALL_ROUNDS, sizeof (double), compare_doubles);
    bench_count ("100 MB on the wall", sides[i].name, "ms", times[i][WALL_ROUNDS / 2]);
  }
}

/* Compare RUN, which edits the file at PATH, with copying that file.  */
static void measure (const char *subject, const char *path, const char *name, void (*run) (void)) {
  const struct bench_subject times = {subject, 1, 15, 0};
  const struct bench_side sides[SIDES + 1] = {
      {"copy, read and write", copy_by_reading, remove_results, NULL, 0, NULL},
      {"copy, in the kernel", copy_in_kernel, remove_results, NULL, 0, NULL},
      {name, run, remove_results, NULL, 0, NULL},
      {0}};
  edited = path;
  bench_compare_as (&times, sides);
  measure_wall (sides);
}

int main (int argc, char **argv) {
  struct image_spec spec = {0x8664, IMAGE_PLUS | IMAGE_OVERLAY, 0, IMAGE_BYTES};
  size_t size;
  bench_start (argc, argv);
  uint8_t *image = image_make (&spec, &size);
  FILE *file = fopen (source, "wb");
  check (
      image != NULL && file != NULL && fwrite (image, 1, size, file) == size && fclose (file) == 0,
      "the program cannot be written");
  free (image);
  edited = source;
  edit (source_injected, 0);
  measure ("inject into 100 MB", source, "inject", inject);
  measure ("eject from 100 MB", source_injected, "eject", eject);
  unlink (source);
  unlink (source_injected);
  remove_results ();
  return 0;
}
