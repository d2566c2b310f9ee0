/* Times every subject in this process: lines "SUBJECT,PHASE,NANOSECONDS" with the phases "first",
   the first pass, and "later", the best of three times as many passes as take a tenth of a second.

   bench-ucrt            as it is: without the DLL, or with it where it is linked
   bench-ucrt DLL        loads the DLL once the blocks for the first passes are allocated
   bench-ucrt DLL steps  also counts the instructions of a free, see steps.c

   Wall time, so that waiting for a heap's lock counts.  */

#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#include "subjects.h"
#include "steps.h"

static const struct subject *const subjects[] = {&mix, &larson_1, &larson_2, &grow, &churn};
enum { SUBJECTS = sizeof (subjects) / sizeof (*subjects) };

void fail (const char *what) {
  fprintf (stderr, "bench-ucrt: %s\n", what);
  exit (1);
}

static double now (void) { /* nanoseconds */
  LARGE_INTEGER count, frequency;
  QueryPerformanceCounter (&count);
  QueryPerformanceFrequency (&frequency);
  return (double) count.QuadPart * 1e9 / (double) frequency.QuadPart;
}

static double time_passes (const struct subject *subject, int passes, int first) {
  double start = now ();
  size_t count = 0;
  for (int i = 0; i < passes; i++) count += subject->pass (first);
  return (now () - start) / (double) count;
}

static double time_later (const struct subject *subject) {
  double start = now (), best = 0;
  int passes = 0;
  for (; now () - start < 1e8; passes++) subject->pass (0);
  for (int i = 0; i < 3; i++) {
    double each = time_passes (subject, passes, 0);
    if (i == 0 || each < best) best = each;
  }
  return best;
}

int main (int argc, char **argv) {
  for (size_t i = 0; i < SUBJECTS; i++) subjects[i]->prepare ();
  if (argc > 1 && LoadLibraryA (argv[1]) == NULL) fail ("cannot load the DLL");
  if (argc > 2) return count_steps ();
  for (size_t i = 0; i < SUBJECTS; i++) {
    printf ("%s,first,%.2f\n", subjects[i]->name, time_passes (subjects[i], 1, 1));
    printf ("%s,later,%.2f\n", subjects[i]->name, time_later (subjects[i]));
  }
  return 0;
}
