/* Times one subject: lines "PHASE,NANOSECONDS" for one operation.

   bench-ucrt SUBJECT SECONDS        as it is: without a DLL, or with the one that is linked
   bench-ucrt SUBJECT SECONDS DLL    loads the DLL once the blocks for the first pass are allocated
   bench-ucrt steps                  counts instructions, see steps.c

   Phases: "first", wall time of the first pass, which is too short for anything else; "later", CPU
   time of all threads in at least SECONDS of it.  Windows counts CPU time in steps of some
   milliseconds, so measuring begins right behind a step.  */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "subjects.h"
#include "steps.h"

static const struct subject *const subjects[] = {&mix,  &larson_1, &larson_2,
                                                 &grow, &aligned,  &churn};
enum { SUBJECTS = sizeof (subjects) / sizeof (*subjects) };

void fail (const char *what) {
  fprintf (stderr, "bench-ucrt: %s\n", what);
  exit (1);
}

/* If a DLL that replaces the CRT's allocator is here, ensure that it does: what is measured then is
   what its side says.  */
static void check_redirection (void) {
  typedef char (*is_redirected_t) (void);
  HMODULE dll = GetModuleHandleA ("mir-ucrt.dll");
  if (dll == NULL) dll = GetModuleHandleA ("mimalloc.dll");
  if (dll == NULL) return;
  is_redirected_t is = (is_redirected_t) (void *) GetProcAddress (dll, "mi_is_redirected");
  if (is == NULL || !is ()) fail ("the DLL has not taken over the C runtime");
}

static double wall_time (void) { /* nanoseconds */
  LARGE_INTEGER count, frequency;
  QueryPerformanceCounter (&count);
  QueryPerformanceFrequency (&frequency);
  return (double) count.QuadPart * 1e9 / (double) frequency.QuadPart;
}

static double in_nanoseconds (FILETIME time) {
  return ((double) time.dwHighDateTime * 4294967296.0 + time.dwLowDateTime) * 100;
}

static double cpu_time (void) { /* nanoseconds */
  FILETIME created, exited, kernel, user;
  if (!GetProcessTimes (GetCurrentProcess (), &created, &exited, &kernel, &user))
    fail ("no CPU time");
  return in_nanoseconds (kernel) + in_nanoseconds (user);
}

static double time_first (const struct subject *subject) {
  double start = wall_time ();
  size_t count = subject->pass (1);
  return (wall_time () - start) / (double) count;
}

static double time_later (const struct subject *subject, double least) {
  double begun = cpu_time (), start, end;
  while (cpu_time () - begun < least / 10) subject->pass (0); /* warms up */
  for (begun = cpu_time (); (start = cpu_time ()) == begun;) subject->pass (0);
  size_t count = 0;
  while ((end = cpu_time ()) - start < least) count += subject->pass (0);
  return (end - start) / (double) count;
}

static const struct subject *find_subject (const char *name) {
  for (size_t i = 0; i < SUBJECTS; i++)
    if (strcmp (subjects[i]->name, name) == 0) return subjects[i];
  return class_subject (name);
}

int main (int argc, char **argv) {
  check_redirection ();
  if (argc == 2 && strcmp (argv[1], "steps") == 0) return count_steps ();
  const struct subject *subject = argc > 2 ? find_subject (argv[1]) : NULL;
  if (subject == NULL) fail ("which subject, for how many seconds?");
  subject->prepare ();
  if (argc > 3 && LoadLibraryA (argv[3]) == NULL) fail ("cannot load the DLL");
  check_redirection ();
  printf ("first,%.2f\n", time_first (subject));
  printf ("later,%.3f\n", time_later (subject, atof (argv[2]) * 1e9));
  return 0;
}
