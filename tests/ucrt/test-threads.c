/* Two thousand short-lived threads: what is freed when they end, and how they begin.  */

#include <stdlib.h>
#include <string.h>

#include "ucrt/fixture.h"
#include "support/tap.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <psapi.h>

enum { THREADS = 2000, AT_ONCE = 4, BLOCKS = 60, LEFT = 8 /* for other threads to free */ };

static DWORD fls, tls;
static volatile long fls_freed, tls_freed, failures;
static void *volatile left[LEFT];

static void free_checked (void *p, unsigned char byte) {
  if (p == NULL || *(unsigned char *) p != byte) InterlockedIncrement (&failures);
  free (p);
}

/* The system calls this with the thread's value when a thread ends.  */
static void WINAPI free_fls (void *p) {
  if (p == NULL) return;
  free_checked (p, 1);
  free (malloc (100)); /* a destructor may allocate as well */
  InterlockedIncrement (&fls_freed);
}

/* As C++'s thread_local destructors run.  */
static void NTAPI free_tls (void *module, DWORD reason, void *reserved) {
  (void) module;
  (void) reserved;
  if (reason != DLL_THREAD_DETACH || tls == 0) return;
  void *p = TlsGetValue (tls);
  if (p == NULL) return;
  free_checked (p, 2);
  InterlockedIncrement (&tls_freed);
}

__attribute__ ((section (".CRT$XLF"), used)) static const PIMAGE_TLS_CALLBACK callback = free_tls;

static void *block_of (size_t size, unsigned char byte) {
  unsigned char *p = malloc (size);
  if (p != NULL) *p = byte;
  return p;
}

static DWORD WINAPI live (void *arg) {
  void *blocks[BLOCKS];
  size_t seed = (size_t) arg;
  FlsSetValue (fls, block_of (200, 1));
  TlsSetValue (tls, block_of (300, 2));
  for (size_t i = 0; i < BLOCKS; i++) blocks[i] = block_of (1 + (seed + i) * 37 % 3000, 3);
  for (size_t i = 0; i < BLOCKS; i++)
    if (i < LEFT) {
      void *other = InterlockedExchangePointer (&left[i], blocks[i]);
      if (other != NULL) free_checked (other, 3);
    } else {
      free_checked (blocks[i], 3);
    }
  return 0;
}

static int run_threads (size_t n) {
  for (size_t i = 0; i < n; i += AT_ONCE) {
    HANDLE threads[AT_ONCE];
    for (size_t j = 0; j < AT_ONCE; j++) {
      threads[j] = CreateThread (NULL, 0, live, (void *) (i + j), 0, NULL);
      if (threads[j] == NULL) return -1;
    }
    WaitForMultipleObjects (AT_ONCE, threads, TRUE, INFINITE);
    for (size_t j = 0; j < AT_ONCE; j++) CloseHandle (threads[j]);
  }
  return 0;
}

static size_t memory_used (void) {
  PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof (counters)};
  return K32GetProcessMemoryInfo (GetCurrentProcess (), &counters, sizeof (counters))
             ? counters.PagefileUsage
             : 0;
}

static void short_lived_threads_give_their_memory_back (void) {
  REQUIRE (run_threads (THREADS / 4) == 0);
  size_t before = memory_used ();
  REQUIRE (run_threads (THREADS - THREADS / 4) == 0);
  size_t after = memory_used ();
  REQUIRE (before != 0);
  tap_note ("%d KiB after %d threads, %d KiB after %d", (int) (before / 1024), THREADS / 4,
            (int) (after / 1024), THREADS);
  CHECK (after < before + (4u << 20)); /* a page of each kind per thread would be ten times that */
  CHECK_INT (failures, 0);
}

static void destructors_of_threads_free (void) {
  CHECK_INT (fls_freed, THREADS);
  CHECK_INT (tls_freed, THREADS);
  if (fixture_expects_dll ()) CHECK_INT (fixture_check (), 0);
}

/* A thread allocates its first block while another thread holds the loader lock, as a DllMain that
   waits for that thread does.  */
typedef LONG (NTAPI *lock_t) (ULONG, ULONG *, ULONG_PTR *);
typedef LONG (NTAPI *unlock_t) (ULONG, ULONG_PTR);
static HANDLE begun, go, done;

static DWORD WINAPI allocate_first (void *arg) {
  (void) arg;
  SetEvent (begun); /* from here on the loader lets it run */
  WaitForSingleObject (go, INFINITE);
  void *volatile block = block_of (100, 4); /* volatile: otherwise the compiler removes it */
  free_checked (realloc (block, 5000), 4);
  SetEvent (done);
  return 0;
}

static void a_thread_s_first_block_needs_no_loader (void) {
  HMODULE ntdll = GetModuleHandleA ("ntdll.dll");
  lock_t lock = (lock_t) (void (*) (void)) GetProcAddress (ntdll, "LdrLockLoaderLock");
  unlock_t unlock = (unlock_t) (void (*) (void)) GetProcAddress (ntdll, "LdrUnlockLoaderLock");
  ULONG_PTR cookie;
  begun = CreateEventA (NULL, FALSE, FALSE, NULL);
  go = CreateEventA (NULL, FALSE, FALSE, NULL);
  done = CreateEventA (NULL, FALSE, FALSE, NULL);
  HANDLE thread = CreateThread (NULL, 0, allocate_first, NULL, 0, NULL);
  REQUIRE (lock != NULL && unlock != NULL && thread != NULL);
  WaitForSingleObject (begun, INFINITE);
  REQUIRE (lock (0, NULL, &cookie) >= 0);
  SetEvent (go);
  DWORD result = WaitForSingleObject (done, 5000);
  unlock (0, cookie);
  CHECK_INT (result, WAIT_OBJECT_0);
  WaitForSingleObject (thread, INFINITE);
  CloseHandle (thread);
}

int main (void) {
  fls = FlsAlloc (free_fls);
  tls = TlsAlloc ();
  if (fixture_load_late () != 0) return 1;
  TEST_RUN (a_thread_s_first_block_needs_no_loader);
  TEST_RUN (short_lived_threads_give_their_memory_back);
  TEST_RUN (destructors_of_threads_free);
  return tap_done ();
}
