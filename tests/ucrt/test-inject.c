/* The DLL comes by a remote thread: into a process that was started suspended, and into one whose
   threads allocate.  TEST_DLL: the DLL.  The child is this program with an argument.  */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "ucrt/fixture.h"
#include "support/tap.h"

enum { CHILD_OK = 33, THREADS = 4 };

/*---------------- The child -----------------------------*/

static volatile long child_goes_on = 1;

static DWORD WINAPI allocate (void *arg) {
  size_t i = (size_t) arg;
  while (child_goes_on) {
    i = i * 1103515245 + 12345;
    unsigned char *p = malloc (i / 65536 % 1000 + 1);
    p[0] = 7;
    p = realloc (p, i / 65536 % 2000 + 1);
    if (p == NULL || p[0] != 7) abort ();
    free (p);
    void *q = _aligned_malloc (100, 64);
    _aligned_free (q);
  }
  return 0;
}

/* Wait for the DLL while threads allocate, unless it is already loaded.  */
static int child (int suspended) {
  HANDLE threads[THREADS];
  void *old = malloc (100);
  if (suspended && fixture_status () == NULL) return 1; /* it must be loaded before main */
  for (size_t i = 0; i < THREADS; i++)
    threads[i] = CreateThread (NULL, 0, allocate, (void *) (i + 1), 0, NULL);
  for (int i = 0;
       i < 1000 && (fixture_status () == NULL || fixture_status ()->state == MIR_UCRT_STARTING);
       i++)
    Sleep (10);
  Sleep (20);
  child_goes_on = 0;
  WaitForMultipleObjects (THREADS, threads, TRUE, INFINITE);
  const MIR_ucrt_status_t *status = fixture_status ();
  if (status == NULL) return 2;
  if (status->state != MIR_UCRT_ACTIVE) return 3;
  old = realloc (old, 1000);
  if (fixture_is_ours (old) != 1) return 4;
  free (old);
  if (fixture_check () != 0) return 5;
  return CHILD_OK;
}

/*---------------- The parent -----------------------------*/

static int inject (HANDLE process) {
  const char *path = getenv ("TEST_DLL");
  if (path == NULL) return -1;
  size_t len = strlen (path) + 1;
  void *there = VirtualAllocEx (process, NULL, len, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
  if (there == NULL || !WriteProcessMemory (process, there, path, len, NULL)) return -1;
  FARPROC load = GetProcAddress (GetModuleHandleA ("kernel32.dll"), "LoadLibraryA");
  LPTHREAD_START_ROUTINE start;
  memcpy (&start, &load, sizeof (start));
  HANDLE thread = CreateRemoteThread (process, NULL, 0, start, there, 0, NULL);
  if (thread == NULL) return -1;
  int ended = WaitForSingleObject (thread, 20000) == WAIT_OBJECT_0;
  CloseHandle (thread);
  return ended ? 0 : -1;
}

static int run (const char *how, DWORD flags) {
  char self[MAX_PATH], line[MAX_PATH + 40];
  STARTUPINFOA startup = {.cb = sizeof (startup)};
  PROCESS_INFORMATION info;
  DWORD status = 0;
  (void) GetModuleFileNameA (NULL, self, sizeof (self));
  (void) snprintf (line, sizeof (line), "\"%s\" %s", self, how);
  REQUIRE (CreateProcessA (self, line, NULL, NULL, FALSE, flags, NULL, NULL, &startup, &info));
  if (flags == 0) Sleep (200);
  CHECK_INT (inject (info.hProcess), 0);
  if (flags != 0) ResumeThread (info.hThread);
  if (WaitForSingleObject (info.hProcess, 30000) != WAIT_OBJECT_0)
    (void) TerminateProcess (info.hProcess, 99);
  (void) WaitForSingleObject (info.hProcess, 5000);
  (void) GetExitCodeProcess (info.hProcess, &status);
  CloseHandle (info.hThread);
  CloseHandle (info.hProcess);
  return (int) status;
}

static void into_a_process_which_was_started_suspended (void) {
  CHECK_INT (run ("suspended", CREATE_SUSPENDED), CHILD_OK);
}

static void into_a_process_whose_threads_allocate (void) {
  CHECK_INT (run ("running", 0), CHILD_OK);
}

int main (int argc, char **argv) {
  if (argc > 1) return child (strcmp (argv[1], "suspended") == 0);
  TEST_RUN (into_a_process_which_was_started_suspended);
  TEST_RUN (into_a_process_whose_threads_allocate);
  return tap_done ();
}
