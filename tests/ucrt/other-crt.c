/* A program of the old msvcrt.dll alone, as mingw links it by default: there is nothing to take
   over, and it must not be harmed.  With MIR_UCRT_CRTS=msvcrt it is taken over like ucrtbase.dll.
   The exit status is 0, or the number of the step that failed.  */

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "ucrt/fixture.h"

static void *olds[6];

static void make_olds (void) {
  olds[0] = malloc (100);
  olds[1] = calloc (3, 7);
  olds[2] = _aligned_malloc (100, 64);
  olds[3] = _strdup ("old");
  olds[4] = malloc (30000);
  olds[5] = _aligned_offset_malloc (100, 64, 8);
  for (int i = 0; i < 6; i++)
    if (i != 1 && i != 3) memset (olds[i], 5, 100);
}

/* What the runtime does with blocks of its own.  */
static int use_runtime (void) {
  char text[64];
  FILE *file = tmpfile ();
  if (file != NULL) {
    if (fprintf (file, "%s %f\n", "text", 3.5) < 0) return 30;
    rewind (file);
    if (fgets (text, sizeof (text), file) == NULL || strcmp (text, "text 3.500000\n") != 0)
      return 31;
    fclose (file);
  }
  for (int i = 0; i < 300; i++) {
    snprintf (text, sizeof (text), "OTHER_%d=%d", i, i);
    if (_putenv (text) != 0) return 32;
  }
  if (getenv ("OTHER_299") == NULL || strcmp (getenv ("OTHER_299"), "299") != 0) return 33;
  for (int i = 0; i < 100; i++) atexit ((void (*) (void)) (uintptr_t) GetCurrentProcessId);
  return 0;
}

static int use_olds (void) {
  if (_msize (olds[0]) != 100) return 10;
  olds[0] = realloc (olds[0], 500);
  if (fixture_is_ours (olds[0]) != 1 || ((char *) olds[0])[99] != 5) return 11;
  olds[2] = _aligned_realloc (olds[2], 300, 64);
  if (fixture_is_ours (olds[2]) != 1 || ((char *) olds[2])[99] != 5) return 12;
  if (_expand (olds[4], 31000) != NULL || _expand (olds[4], 29000) != olds[4]) return 13;
  free (olds[0]);
  free (olds[1]);
  _aligned_free (olds[2]);
  free (olds[3]);
  free (olds[4]);
  _aligned_free (olds[5]);
  return 0;
}

static int use_new (void) {
  char *p = _strdup ("new"), *q = _aligned_offset_malloc (100, 128, 16);
  if (fixture_is_ours (p) != 1 || _msize (p) != 4) return 20;
  if (fixture_is_ours (q) != 1 || ((uintptr_t) q + 16) % 128 != 0) return 21;
  free (p);
  _aligned_free (q);
  errno = 0;
  volatile size_t much = (size_t) -100;
  if (malloc (much) != NULL || errno != ENOMEM) return 22;
  return fixture_check () == 0 ? 0 : 23;
}

int main (void) {
  char *p = malloc (100);
  make_olds ();
  if (p == NULL || fixture_load_late () != 0) return 1;
  strcpy (p, "kept");
  p = realloc (p, 10000);
  if (p == NULL || strcmp (p, "kept") != 0) return 2;
  if (fixture_status () == NULL) return 3;
  int wanted = getenv ("MIR_UCRT_CRTS") != NULL, status = 0;
  if (fixture_is_ours (p) != wanted) return 4;
  free (p);
  if (!wanted && fixture_check () != -1) return 5;
  if (wanted && (status = use_olds ()) == 0) status = use_new ();
  if (status == 0) status = use_runtime ();
  if (status != 0) return status;
  printf ("%s\n", fixture_state_name (fixture_status ()->state));
  return 0;
}
