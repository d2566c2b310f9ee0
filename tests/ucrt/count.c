/* Makes a known number of calls between two marks that show in a log of calls, and prints what the
   DLL counted in between, by function.  */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ucrt/fixture.h"

static const char *const names[] = {
    "malloc",  "calloc",          "realloc",          "free",         "_msize", "_recalloc",
    "_expand", "_aligned_malloc", "_aligned_realloc", "_aligned_free"};
enum { NAMES = sizeof (names) / sizeof (names[0]) };

static uint64_t count_of (const char *name) {
  const MIR_ucrt_status_t *status = fixture_status ();
  for (uint32_t i = 0; status != NULL && i < status->functions_num; i++)
    if (strcmp (status->functions[i].name, name) == 0) return status->functions[i].calls;
  return 0;
}

/* A mix of calls; their number depends only on the seed.  */
static int use_heap (void) {
  static void *blocks[100], *aligned[100];
  unsigned seed = 12345;
  for (int i = 0; i < 3000; i++) {
    seed = seed * 1103515245u + 12345;
    void **block = &blocks[seed / 65536 % 100], **wide = &aligned[seed / 256 % 100];
    size_t size = seed / 1024 % 2000 + 1;
    switch (seed / 4096 % 8) {
      case 0:
        free (*block);
        *block = malloc (size);
        break;
      case 1:
        free (*block);
        *block = calloc (size, 2);
        break;
      case 2:
        *block = realloc (*block, size);
        break;
      case 3:
        *block = _recalloc (*block, 2, size);
        break;
      case 4:
        if (*block != NULL && _msize (*block) == 0) return 1;
        break;
      case 5:
        if (*block != NULL) (void) _expand (*block, size);
        break;
      case 6:
        _aligned_free (*wide);
        *wide = _aligned_malloc (size, 64);
        break;
      default:
        *wide = _aligned_realloc (*wide, size, 64);
        break;
    }
  }
  for (int i = 0; i < 100; i++) {
    free (blocks[i]);
    _aligned_free (aligned[i]);
  }
  return 0;
}

int main (void) {
  uint64_t before[NAMES], after[NAMES];
  if (fixture_load_late () != 0) return 1;
  for (int i = 0; i < NAMES; i++) before[i] = count_of (names[i]);
  (void) _heapchk (); /* the mark */
  int failed = use_heap ();
  (void) _heapchk ();
  for (int i = 0; i < NAMES; i++) after[i] = count_of (names[i]);
  for (int i = 0; i < NAMES; i++)
    printf ("%s %llu\n", names[i], (unsigned long long) (after[i] - before[i]));
  return failed;
}
