/* MIR_UCRT_GUARD=1: blocks of malloc in the functions of the process's heap, which real programs
   mix up because the UCRT's heap is that one.  */
#include "fixture.h"
#include "tap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

static void blocks_of_malloc_go_through_the_heaps_functions (void) {
  HANDLE heap = GetProcessHeap ();
  unsigned char *p = malloc (100);
  REQUIRE (p != NULL);
  memset (p, 7, 100);
  CHECK_INT (fixture_is_ours (p), 1);
  CHECK_INT (HeapSize (heap, 0, p), 100);
  CHECK (HeapValidate (heap, 0, p));
  p = HeapReAlloc (heap, 0, p, 1000);
  REQUIRE (p != NULL);
  for (int i = 0; i < 100; i++) CHECK_INT (p[i], 7);
  CHECK (HeapFree (heap, 0, p));
  p = malloc (50);
  CHECK_PTR (LocalFree (p), NULL);
}

static void blocks_of_the_heap_are_left_to_it (void) {
  HANDLE heap = GetProcessHeap (), own = HeapCreate (0, 0, 0);
  unsigned char *p = HeapAlloc (heap, HEAP_ZERO_MEMORY, 100);
  REQUIRE (p != NULL && own != NULL);
  CHECK_INT (fixture_is_ours (p), 0);
  CHECK_INT (HeapSize (heap, 0, p), 100);
  p = HeapReAlloc (heap, HEAP_ZERO_MEMORY, p, 200);
  REQUIRE (p != NULL);
  for (int i = 0; i < 200; i++) CHECK_INT (p[i], 0);
  CHECK (HeapFree (heap, 0, p));
  p = HeapAlloc (own, 0, 100);
  CHECK_INT (HeapSize (own, 0, p), 100);
  CHECK (HeapFree (own, 0, p));
  CHECK (HeapDestroy (own));
  CHECK (HeapFree (heap, 0, NULL));
  HLOCAL local = LocalAlloc (LMEM_FIXED, 100);
  CHECK_PTR (LocalFree (local), NULL);
}

int main (void) {
  if (fixture_load_late () != 0) return 1;
  TEST_RUN (blocks_of_malloc_go_through_the_heaps_functions);
  TEST_RUN (blocks_of_the_heap_are_left_to_it);
  return tap_done ();
}
