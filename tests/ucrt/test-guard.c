/* With MIR_UCRT_GUARD=1 a program may hand blocks of malloc to the system's own heap functions, as
   it may where malloc is the process's heap.  */
#include "fixture.h"
#include "../tap.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

static int guarded (void) {
  return (int) fixture_counter (offsetof (MIR_ucrt_counters_t, guarded));
}

/* What malloc gave; a failure stops the test, since the heap would end the program.  */
static char *ours (size_t n) {
  char *block = malloc (n);
  REQUIRE (fixture_is_ours (block) == 1);
  memset (block, 7, n);
  return block;
}

static void heap_functions_take_blocks_of_malloc (void) {
  HANDLE heap = GetProcessHeap ();
  int before = guarded ();
  char *block = ours (100);
  CHECK_INT (HeapSize (heap, 0, block), 100);
  CHECK_INT (HeapValidate (heap, 0, block), 1);
  char *larger = HeapReAlloc (heap, HEAP_ZERO_MEMORY, block, 5000);
  REQUIRE (larger != NULL);
  CHECK_INT (HeapSize (heap, 0, larger), 5000);
  CHECK_INT (larger[99], 7);
  CHECK_INT (larger[100], 0);
  CHECK_INT (larger[4999], 0);
  CHECK_PTR (HeapReAlloc (heap, HEAP_REALLOC_IN_PLACE_ONLY, larger, 500000), NULL);
  CHECK_PTR (HeapReAlloc (heap, HEAP_REALLOC_IN_PLACE_ONLY, larger, 4000), larger);
  CHECK_INT (HeapSize (heap, 0, larger), 4000);
  CHECK_INT (HeapFree (heap, 0, larger), 1);
  CHECK_INT (guarded () - before, 8);
}

static void local_and_global_free_take_blocks_of_malloc (void) {
  int before = guarded ();
  char *block = ours (50);
  CHECK_INT (LocalSize (block), 50);
  CHECK_PTR (LocalFree (block), NULL);
  CHECK_PTR (GlobalFree (ours (60)), NULL);
  CHECK_INT (guarded () - before, 3);
}

static void the_systems_own_blocks_go_where_they_went (void) {
  HANDLE heap = GetProcessHeap ();
  int before = guarded ();
  void *block = HeapAlloc (heap, 0, 77);
  REQUIRE (block != NULL);
  CHECK_INT (HeapSize (heap, 0, block), 77);
  block = HeapReAlloc (heap, 0, block, 700);
  REQUIRE (block != NULL);
  CHECK_INT (fixture_is_ours (block), 0);
  CHECK_INT (HeapSize (heap, 0, block), 700);
  CHECK_INT (HeapFree (heap, 0, block), 1);
  HLOCAL local = LocalAlloc (LMEM_MOVEABLE, 30);
  CHECK_INT (LocalSize (local), 30);
  CHECK_PTR (LocalFree (local), NULL);
  CHECK_INT (guarded () - before, 0);
}

int main (void) {
  if (fixture_load_late () != 0) return 1;
  TEST_RUN (heap_functions_take_blocks_of_malloc);
  TEST_RUN (local_and_global_free_take_blocks_of_malloc);
  TEST_RUN (the_systems_own_blocks_go_where_they_went);
  return tap_done ();
}
