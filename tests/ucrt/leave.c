/* main returns while four threads allocate: the system kills them wherever they are, and afterwards
   functions that allocate and free still run.  The exit status is 42.  The argument "quick" makes
   it end by quick_exit, also with 42; "abort" by abort, with 3.  */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "ucrt/fixture.h"

enum { THREADS = 4, KEPT = 64 };

static void *volatile shared[KEPT]; /* shared, so that threads free each other's blocks */
static void *old_blocks[KEPT];

static DWORD WINAPI work (void *arg) {
  size_t i = (size_t) arg;
  for (;;) {
    i = i * 1103515245 + 12345;
    size_t size = i / 65536 % 50 == 0 ? i / 65536 % 100000 : i / 65536 % 500;
    void *p = malloc (size + 1);
    if (p != NULL) memset (p, 0x5a, size + 1);
    p = realloc (p, size + 50);
    free (InterlockedExchangePointer (&shared[i / 256 % KEPT], p));
  }
}

static void use_heap (void) {
  for (size_t i = 0; i < KEPT; i++) {
    void *p = realloc (malloc (i * 50), i * 100 + 1);
    if (p == NULL) abort ();
    memset (p, 1, i * 100 + 1);
    free (p);
    free (i % 2 == 0 ? old_blocks[i] : realloc (old_blocks[i], i * 300 + 1));
    old_blocks[i] = NULL;
    free (InterlockedExchangePointer (&shared[i], NULL));
  }
}

static void at_exit (void) {
  use_heap (); /* the threads still run */
}

/* By now the threads are dead.  */
static void NTAPI at_detach (void *module, DWORD reason, void *reserved) {
  (void) module;
  (void) reserved;
  if (reason == DLL_PROCESS_DETACH) use_heap ();
}

__attribute__ ((section (".CRT$XLF"), used)) static const PIMAGE_TLS_CALLBACK callback = at_detach;

int main (int argc, char **argv) {
  const char *way = argc > 1 ? argv[1] : "";
  for (size_t i = 0; i < KEPT; i++) old_blocks[i] = malloc (i * 40 + 1);
  atexit (at_exit);
  at_quick_exit (at_exit);
  for (size_t i = 0; i < THREADS; i++)
    if (CreateThread (NULL, 0, work, (void *) (i + 1), 0, NULL) == NULL) return 1;
  Sleep (10);
  if (fixture_load_late () != 0) return 1;
  if (fixture_expects_dll ()
      && (fixture_status () == NULL || fixture_status ()->state != MIR_UCRT_ACTIVE))
    return 2;
  Sleep (20);
  printf ("left\n");
  fflush (stdout);
  if (strcmp (way, "quick") == 0) quick_exit (42);
  _set_abort_behavior (0, _WRITE_ABORT_MSG | _CALL_REPORTFAULT);
  if (strcmp (way, "abort") == 0) abort ();
  return 42;
}
