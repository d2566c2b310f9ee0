/* A program of the old msvcrt.dll alone, as mingw makes it without more ado: there is nothing to
   take over, and it must not be harmed.  */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main (void) {
  char *p = malloc (100);
  if (p == NULL || fixture_load_late () != 0) return 1;
  strcpy (p, "kept");
  p = realloc (p, 10000);
  if (p == NULL || strcmp (p, "kept") != 0) return 2;
  if (fixture_status () == NULL) return 3;
  if (fixture_is_ours (p) != 0) return 4;
  free (p);
  if (fixture_check () != -1) return 5;
  printf ("%s\n", fixture_state_name (fixture_status ()->state));
  return 0;
}
