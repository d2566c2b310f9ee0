/* The TAP harness: runs tests, counts failures, prints the protocol.  */
#include "support/tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_PRINTED_FAILURES = 10 }; /* per test; the others are only counted */

static int tests, failed_tests, skipped_tests;
static int failures; /* in the running test */
static int skipped;  /* the running test has called tap_skip */
static const char *running;
static jmp_buf leave_test;

void tap_run (const char *name, void (*test) (void)) {
  failures = skipped = 0;
  running = name;
  if (setjmp (leave_test) == 0) test ();
  tests++;
  if (skipped) {
    skipped_tests++; /* tap_skip has printed the line */
  } else if (failures != 0) {
    failed_tests++;
    printf ("not ok %d - %s\n", tests, name);
  } else {
    printf ("ok %d - %s\n", tests, name);
  }
  fflush (stdout);
}

void tap_skip (const char *format, ...) {
  va_list args;
  va_start (args, format);
  printf ("ok %d - %s # SKIP ", tests + 1, running);
  vprintf (format, args);
  va_end (args);
  printf ("\n");
  skipped = 1;
  longjmp (leave_test, 1);
}

void tap_note (const char *format, ...) {
  va_list args;
  va_start (args, format);
  printf ("# ");
  vprintf (format, args);
  printf ("\n");
  fflush (stdout);
  va_end (args);
}

int tap_done (void) {
  printf ("1..%d\n# %d passed, %d failed, %d skipped\n", tests,
          tests - failed_tests - skipped_tests, failed_tests, skipped_tests);
  int is_lost = fflush (stdout) != 0 || ferror (stdout);
  if (is_lost) fprintf (stderr, "tap: standard output: not all could be written\n");
  return is_lost || failed_tests != 0 || tests == 0;
}

uint64_t tap_random (void) {
  static uint64_t state;
  static int seeded;
  if (!seeded) {
    const char *seed = getenv ("TAP_SEED");
    state = seed != NULL ? strtoull (seed, NULL, 0) : (uint64_t) time (NULL) * 2654435761u;
    seeded = 1;
    tap_note ("TAP_SEED=%llu", (unsigned long long) state);
  }
  /* SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.  */
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

size_t tap_scaled (size_t n) {
  const char *percent = getenv ("TAP_SCALE");
  if (percent == NULL) return n;
  size_t scaled = (size_t) ((double) n * strtod (percent, NULL) / 100.0);
  return scaled == 0 ? 1 : scaled;
}

static int count_failure (void) {
  return ++failures <= MAX_PRINTED_FAILURES;
}

void tap_check (int ok, const char *file, int line, const char *what) {
  if (!ok && count_failure ()) tap_note ("%s:%d: failed: %s", file, line, what);
}

void tap_check_int (long long actual, long long expected, const char *file, int line,
                    const char *what) {
  if (actual != expected && count_failure ())
    tap_note ("%s:%d: %s is %lld, expected %lld", file, line, what, actual, expected);
}

void tap_check_ptr (const void *actual, const void *expected, const char *file, int line,
                    const char *what) {
  if (actual != expected && count_failure ())
    tap_note ("%s:%d: %s is %p, expected %p", file, line, what, actual, expected);
}

void tap_check_str (const char *actual, const char *expected, const char *file, int line,
                    const char *what) {
  if ((actual == NULL || expected == NULL ? actual != expected : strcmp (actual, expected) != 0)
      && count_failure ())
    tap_note ("%s:%d: %s is \"%s\", expected \"%s\"", file, line, what,
              actual == NULL ? "(null)" : actual, expected == NULL ? "(null)" : expected);
}

void tap_require (int ok, const char *file, int line, const char *what) {
  if (ok) return;
  count_failure ();
  tap_note ("%s:%d: required: %s", file, line, what);
  longjmp (leave_test, 1);
}
