/* With MIR_UCRT_GUARD=1 a program may give blocks of malloc to the system's own heap functions, as
   it may where malloc is the process heap.  */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "ucrt/fixture.h"
#include "support/tap.h"

static int guarded (void) {
  return (int) fixture_counter (offsetof (MIR_ucrt_counters_t, guarded));
}

/* A block of malloc, which must be ours: otherwise the heap would end the program, so the test
   stops.  */
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

/*---------------- Imports among code -----------------------------*/

/* Some linkers put the import table among code.  A thread that runs there must continue while the
   DLL, loaded late, writes the table.  */

enum { PAGE = 0x1000, ROOM = 16 };

/* lock inc dword [argument]; once more */
static const unsigned char circle[] = {
#ifdef _WIN64
    0xf0, 0xff, 0x01, 0xeb, 0xfb
#else
    0x8b, 0x4c, 0x24, 0x04, 0xf0,
    0xff, 0x01, 0xeb, 0xfb
#endif
};

static volatile LONG rounds;
static HANDLE runner;

/* The page of this program's imports from KERNEL32, or NULL if there is no room for code.  */
static unsigned char *page_of_imports (void) {
  const unsigned char *base = (const unsigned char *) GetModuleHandleA (NULL);
  const IMAGE_NT_HEADERS *headers =
      (const IMAGE_NT_HEADERS *) (base + ((const IMAGE_DOS_HEADER *) base)->e_lfanew);
  const IMAGE_IMPORT_DESCRIPTOR *imports =
      (const IMAGE_IMPORT_DESCRIPTOR *) (base
                                         + headers->OptionalHeader
                                               .DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT]
                                               .VirtualAddress);
  static const unsigned char none[ROOM];
  for (; imports->Name != 0; imports++)
    if (_stricmp ((const char *) base + imports->Name, "KERNEL32.dll") == 0) {
      uintptr_t page = (uintptr_t) (base + imports->FirstThunk) & ~(uintptr_t) (PAGE - 1);
      unsigned char *room = (unsigned char *) page + PAGE - ROOM;
      return memcmp (room, none, ROOM) == 0 ? (unsigned char *) page : NULL;
    }
  return NULL;
}

static void run_among_imports (void) {
  unsigned char *page = page_of_imports ();
  DWORD old;
  if (page == NULL || !VirtualProtect (page, PAGE, PAGE_EXECUTE_READWRITE, &old)) return;
  memcpy (page + PAGE - ROOM, circle, sizeof (circle));
  runner = CreateThread (NULL, 0, (LPTHREAD_START_ROUTINE) (void *) (page + PAGE - ROOM),
                         (void *) &rounds, 0, NULL);
  while (runner != NULL && rounds < 1000) Sleep (1);
}

static void code_among_imports_goes_on (void) {
  if (runner == NULL) tap_skip ("the DLL came first, or there is no room for code");
  for (LONG before = rounds, i = 0; rounds == before && i < 1000; i++) Sleep (1);
  CHECK_INT (WaitForSingleObject (runner, 0), WAIT_TIMEOUT);
  TerminateThread (runner, 0);
}

int main (void) {
  if (getenv ("TEST_LATE") != NULL) run_among_imports ();
  if (fixture_load_late () != 0) return 1;
  TEST_RUN (code_among_imports_goes_on);
  TEST_RUN (heap_functions_take_blocks_of_malloc);
  TEST_RUN (local_and_global_free_take_blocks_of_malloc);
  TEST_RUN (the_systems_own_blocks_go_where_they_went);
  return tap_done ();
}
