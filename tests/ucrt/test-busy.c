/* A process that is busy while the DLL is loaded late: DLLs come and go, exceptions are raised,
   threads start and end, one is stopped by another thread, and a second copy of the DLL is loaded
   by another thread at the same time.  TEST_LATE, TEST_SECOND: the two copies.  */

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "ucrt/fixture.h"
#include "support/tap.h"

enum { CODE = 0x20000055, WORKERS = 5 };

static volatile LONG stop, go, wrong, rounds[WORKERS], count;

static LONG CALLBACK go_on (EXCEPTION_POINTERS *exception) {
  if (exception->ExceptionRecord->ExceptionCode != CODE) return EXCEPTION_CONTINUE_SEARCH;
  free (malloc (77)); /* as a handler may do */
  return EXCEPTION_CONTINUE_EXECUTION;
}

static void load_and_unload (void) {
  HMODULE dll = LoadLibraryA ("version.dll");
  if (dll == NULL || !FreeLibrary (dll)) InterlockedIncrement (&wrong);
}

static void raise (void) {
  RaiseException (CODE, 0, 0, NULL);
}

static DWORD WINAPI be_short (void *unused) {
  (void) unused;
  free (realloc (malloc (10), 1000));
  return 0;
}

static void start_another (void) {
  HANDLE thread = CreateThread (NULL, 0, be_short, NULL, 0, NULL);
  if (thread == NULL) return;
  WaitForSingleObject (thread, INFINITE);
  CloseHandle (thread);
}

static void aligned (void) {
  char *p = _aligned_malloc (100, 64);
  p[99] = 5;
  p = _aligned_realloc (p, 3000, 64);
  if (p[99] != 5) InterlockedIncrement (&wrong);
  _aligned_free (p);
}

static void plain (void) {
  char *p = calloc (10, 10);
  if (p[99] != 0) InterlockedIncrement (&wrong);
  p = _recalloc (p, 50, 10);
  if (p[499] != 0 || _msize (p) != 500) InterlockedIncrement (&wrong);
  free (p);
}

static void (*const works[WORKERS]) (void) = {load_and_unload, raise, start_another, aligned,
                                              plain};

static DWORD WINAPI work (void *argument) {
  size_t i = (size_t) argument;
  for (; !stop; InterlockedIncrement (&rounds[i])) works[i]();
  return 0;
}

static DWORD WINAPI count_on (void *unused) {
  (void) unused;
  for (; !stop; Sleep (0)) InterlockedIncrement (&count);
  return 0;
}

static DWORD WINAPI load_second (void *path) {
  while (!go) Sleep (0);
  if (LoadLibraryA (path) == NULL) InterlockedIncrement (&wrong);
  return 0;
}

static int all_go_on (void) {
  LONG before[WORKERS];
  for (int i = 0; i < WORKERS; i++) before[i] = rounds[i];
  for (int i = 0; i < WORKERS; i++)
    for (int ms = 0; rounds[i] < before[i] + 3; ms++) {
      if (ms == 5000) return 0;
      Sleep (1);
    }
  return 1;
}

static void a_busy_process_is_taken_over (void) {
  HANDLE threads[WORKERS], counting, loading;
  AddVectoredExceptionHandler (1, go_on);
  for (size_t i = 0; i < WORKERS; i++)
    threads[i] = CreateThread (NULL, 0, work, (void *) i, 0, NULL);
  counting = CreateThread (NULL, 0, count_on, NULL, 0, NULL);
  loading = CreateThread (NULL, 0, load_second, getenv ("TEST_SECOND"), 0, NULL);
  CHECK (all_go_on ());
  while (count == 0) Sleep (1);
  CHECK_INT (SuspendThread (counting), 0);
  CONTEXT context = {.ContextFlags = CONTEXT_CONTROL};
  GetThreadContext (counting, &context); /* when this returns, the thread is stopped */
  LONG counted = count;
  go = 1;
  REQUIRE (fixture_load_late () == 0);
  WaitForSingleObject (loading, 10000);
  CHECK (all_go_on ());
  CHECK_INT (count, counted); /* the take-over must not resume it */
  CHECK_INT (ResumeThread (counting), 1);
  for (int ms = 0; count == counted && ms < 5000; ms++) Sleep (1);
  CHECK (count != counted);
  stop = 1;
  CHECK_INT (WaitForMultipleObjects (WORKERS, threads, TRUE, 10000), WAIT_OBJECT_0);
  CHECK_INT (WaitForSingleObject (counting, 10000), WAIT_OBJECT_0);
  CHECK_INT (wrong, 0);
  void *p = malloc (100);
  /* Whichever came first: both have the same name.  */
  CHECK (p != NULL);
  CHECK_INT (_msize (p), 100);
  free (p);
}

/* One of the two copies is active; the other has stood back.  On a machine with too little time for
   this process each look at a thread may find it in the functions, and the first copy gives up.  */
static void one_of_two_copies_has_it (void) {
  const char *paths[] = {getenv ("TEST_LATE"), getenv ("TEST_SECOND")};
  int active = 0, refused = 0, ours = 0;
  void *p = malloc (100);
  for (int i = 0; i < 2; i++) {
    HMODULE dll = GetModuleHandleA (paths[i]);
    REQUIRE (dll != NULL);
    const MIR_ucrt_status_t *(*status) (void);
    unsigned char (*contains) (const void *);
    FARPROC found = GetProcAddress (dll, "MIR_ucrt_status");
    memcpy (&status, &found, sizeof (found));
    found = GetProcAddress (dll, "mi_any_heap_contains");
    memcpy (&contains, &found, sizeof (found));
    active += status ()->state == MIR_UCRT_ACTIVE;
    refused += status ()->state == MIR_UCRT_REFUSED;
    ours += contains (p);
    tap_note ("%s: %s %s", paths[i], fixture_state_name (status ()->state), status ()->reason);
    if (status ()->state == MIR_UCRT_FAILED && strstr (status ()->reason, "all the time") != NULL)
      tap_skip ("this machine is too busy to stop a thread where that is safe");
  }
  CHECK_INT (active, 1);
  CHECK_INT (refused, 1);
  CHECK_INT (ours, 1);
  free (p);
}

int main (void) {
  TEST_RUN (a_busy_process_is_taken_over);
  TEST_RUN (one_of_two_copies_has_it);
  return tap_done ();
}
