/* Threads that allocate after the last DLL was notified of their end, as a destructor of a
   thread_local object in the program does, and threads that get the number of the thread that
   loaded the DLL.  */

#include <stdlib.h>
#include <string.h>

#include "ucrt/fixture.h"
#include "support/tap.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <psapi.h>

enum { BLOCKS = 64 };

static volatile long ended, failures;
static void *volatile kept; /* from the end of one thread to the end of the next */
static __thread int is_worker;

/* The program's own callbacks run after those of all DLLs.  */
static void NTAPI at_end (void *module, DWORD reason, void *reserved) {
  (void) module;
  (void) reserved;
  if (reason != DLL_THREAD_DETACH || !is_worker) return;
  void *blocks[BLOCKS];
  for (size_t i = 0; i < BLOCKS; i++) {
    blocks[i] = malloc (i * 40 + 1);
    if (blocks[i] == NULL || _msize (blocks[i]) != i * 40 + 1) InterlockedIncrement (&failures);
    memset (blocks[i], 1, i * 40 + 1);
    blocks[i] = realloc (blocks[i], i * 90 + 5);
  }
  for (size_t i = 1; i < BLOCKS; i++) free (blocks[i]);
  free (InterlockedExchangePointer (&kept, blocks[0]));
  _aligned_free (_aligned_malloc (100, 64));
  free (_recalloc (calloc (3, 5), 4, 5));
  InterlockedIncrement (&ended);
}

__attribute__ ((section (".CRT$XLF"), used)) static const PIMAGE_TLS_CALLBACK callback = at_end;

static size_t memory_used (void) {
  PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof (counters)};
  return K32GetProcessMemoryInfo (GetCurrentProcess (), &counters, sizeof (counters))
             ? counters.PagefileUsage
             : 0;
}

static DWORD WINAPI work (void *unused) {
  (void) unused;
  is_worker = 1;
  free (malloc (100));
  return 0;
}

static DWORD run (LPTHREAD_START_ROUTINE function, void *argument) {
  DWORD number = 0;
  HANDLE thread = CreateThread (NULL, 0, function, argument, 0, &number);
  REQUIRE (thread != NULL);
  WaitForSingleObject (thread, INFINITE);
  CloseHandle (thread);
  return number;
}

static void what_ends_late_leaves_nothing_behind (void) {
  const size_t threads = tap_scaled (1500);
  for (size_t i = 0; i < threads / 5; i++) run (work, NULL);
  size_t before = memory_used ();
  for (size_t i = 0; i < threads; i++) run (work, NULL);
  size_t after = memory_used ();
  tap_note ("%d KiB, and %d KiB %d threads later", (int) (before / 1024), (int) (after / 1024),
            (int) threads);
  CHECK_INT (failures, 0);
  CHECK_INT (ended, threads + threads / 5);
  CHECK (before != 0 && after < before + (4u << 20));
}

/*---------------- Another thread gets the loading thread's number -----------------------------*/

static DWORD loader;
static int load_result = -1;

static DWORD WINAPI load (void *unused) {
  (void) unused;
  load_result = fixture_load_late ();
  return 0;
}

enum { LEFT = 64, PARKED = 4 };
static void *left[LEFT];

/* Another thread frees what this one leaves; for that its pages must be abandoned.  */
static DWORD WINAPI leave_blocks (void *unused) {
  (void) unused;
  if (GetCurrentThreadId () != loader) return 0;
  for (size_t i = 0; i < LEFT; i++) left[i] = malloc (i * 100 + 10); /* a page for each */
  return 0;
}

static int run_until_number (DWORD number) {
  for (int i = 0; i < 20000; i++)
    if (run (leave_blocks, NULL) == number) return 1;
  return 0;
}

static DWORD WINAPI wait_for (void *event) {
  WaitForSingleObject (event, INFINITE);
  return 0;
}

static void number_of_the_loading_thread_is_nothing_special (void) {
  if (loader == 0) tap_skip ("the DLL was loaded by the main thread");
  HANDLE event = CreateEventA (NULL, TRUE, FALSE, NULL), threads[PARKED];
  size_t before = 0, after = 0;
  int rounds = 0, parked = 0;
  for (; rounds < 10 && run_until_number (loader); rounds++) {
    for (size_t j = 0; j < LEFT; j++) free (left[j]);
    if (rounds == 1) /* some have the TEB of the loading thread, by which mimalloc knows it */
      for (; parked < PARKED; parked++)
        threads[parked] = CreateThread (NULL, 0, wait_for, event, 0, NULL);
    after = memory_used ();
    if (rounds == 3) before = after;
  }
  SetEvent (event);
  if (parked != 0) WaitForMultipleObjects (PARKED, threads, TRUE, INFINITE);
  for (int i = 0; i < parked; i++) CloseHandle (threads[i]);
  CloseHandle (event);
  if (rounds < 10) tap_skip ("no thread got the number again");
  tap_note ("%d KiB, and %d KiB six times later", (int) (before / 1024), (int) (after / 1024));
  CHECK (after < before + (768u << 10)); /* each has used more than 250 KiB */
}

int main (void) {
  if (getenv ("TEST_LATE") != NULL) {
    loader = run (load, NULL);
    if (load_result != 0) return 1;
  }
  TEST_RUN (what_ends_late_leaves_nothing_behind);
  TEST_RUN (number_of_the_loading_thread_is_nothing_special);
  return tap_done ();
}
