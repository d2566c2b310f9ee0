/* Reads /proc/self/maps (proc(5)): Linux only.  */
#ifndef MIR_TESTS_SUPPORT_MAPS_H
#define MIR_TESTS_SUPPORT_MAPS_H

#include <stdint.h> /* uintptr_t */
#include <stdio.h>
#include <string.h>

#include "support/tap.h"

/* Store the access to the page of ADDR, such as "r-xp", in ACCESS; "none" if it is not mapped.  */
static inline void access_of (const void *addr, char access[5]) {
  FILE *maps = fopen ("/proc/self/maps", "r");
  char line[512];
  unsigned long start, bound;
  int found = 0;
  REQUIRE (maps != NULL);
  while (!found && fgets (line, sizeof (line), maps) != NULL)
    found = sscanf (line, "%lx-%lx %4s", &start, &bound, access) == 3 && start <= (uintptr_t) addr
            && (uintptr_t) addr < bound;
  if (!found) strcpy (access, "none");
  fclose (maps);
}

/* The number of mappings that are writable and executable; -1 if they cannot be read.  */
static inline int count_open_mappings (void) {
  FILE *maps = fopen ("/proc/self/maps", "r");
  char line[512], access[5];
  int n = 0;
  if (maps == NULL) return -1;
  while (fgets (line, sizeof (line), maps) != NULL)
    n += sscanf (line, "%*s %4s", access) == 1 && access[1] == 'w' && access[2] == 'x';
  fclose (maps);
  return n;
}

#endif /* MIR_TESTS_SUPPORT_MAPS_H */
