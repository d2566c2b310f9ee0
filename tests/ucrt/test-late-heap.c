/* mimalloc's own functions in threads that have ended except for destructors of the program: what
   mimalloc makes for such threads is counted.  */

#include <stdlib.h>
#include <string.h>

#include "ucrt/fixture.h"
#include "support/tap.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <psapi.h>

#include <mimalloc.h>
#include <mimalloc-stats.h>

enum { BLOCKS = 40, KEPT = 8, AT_ONCE = 4, BIG = 3 << 20 };

/* The DLL's functions: a program that is tested late is not linked with it.  */
static struct {
  void *(*malloc) (size_t);
  void *(*realloc) (void *, size_t);
  void *(*malloc_aligned) (size_t, size_t);
  void (*free) (void *);
  mi_heap_t *(*heap_new) (void);
  void *(*heap_malloc) (mi_heap_t *, size_t);
  void (*heap_destroy) (mi_heap_t *);
  bool (*stats_get) (mi_stats_t *);
} mi;

static mi_heap_t *heap; /* NULL: the destructors use only the default one */
static volatile long ended, failures;
static void *volatile kept[KEPT]; /* from the end of one thread to the end of another */
static __thread int is_worker;

static void find (const char *name, void *function) {
  HMODULE dll = GetModuleHandleA (MIR_UCRT_DLL);
  FARPROC found = dll == NULL ? NULL : GetProcAddress (dll, name);
  REQUIRE (found != NULL);
  memcpy (function, &found, sizeof (found));
}

static void find_all (void) {
  find ("mi_malloc", &mi.malloc);
  find ("mi_realloc", &mi.realloc);
  find ("mi_malloc_aligned", &mi.malloc_aligned);
  find ("mi_free", &mi.free);
  find ("mi_heap_new", &mi.heap_new);
  find ("mi_heap_malloc", &mi.heap_malloc);
  find ("mi_heap_destroy", &mi.heap_destroy);
  find ("mi_stats_get", &mi.stats_get);
}

/* The byte that block I is filled with.  */
static int byte_of (size_t i) {
  return (int) i + 1;
}

static size_t size_of (size_t i) {
  return i * i * 13 + 1;
}

static void check_and_free (unsigned char *block, size_t n, int byte) {
  for (size_t k = 0; k < n; k++)
    if (block[k] != byte) {
      InterlockedIncrement (&failures);
      break;
    }
  mi.free (block);
}

/* Allocate as a destructor would; each second block grows.  Blocks are checked only when all of
   them are there, so that two blocks at one place are noticed.  */
static void allocate_late (void) {
  unsigned char *blocks[BLOCKS];
  size_t sizes[BLOCKS];
  for (size_t i = 0; i < BLOCKS; i++) {
    sizes[i] = i == 7 ? BIG : size_of (i);
    blocks[i] = i % 5 == 4 ? mi.malloc_aligned (sizes[i], 256) : mi.malloc (sizes[i]);
    if (blocks[i] == NULL) ExitProcess (9);
    memset (blocks[i], byte_of (i), sizes[i]);
    if (i % 2 == 0) continue;
    blocks[i] = mi.realloc (blocks[i], sizes[i] * 2);
    if (blocks[i] == NULL) ExitProcess (9);
  }
  for (size_t i = 0; i < BLOCKS; i++) {
    unsigned char *block = blocks[i];
    if (i < KEPT && i != 7) block = InterlockedExchangePointer (&kept[i], block);
    if (block != NULL) check_and_free (block, sizes[i], byte_of (i));
  }
  if (heap != NULL) check_and_free (memset (mi.heap_malloc (heap, 500), 99, 500), 500, 99);
}

/* The program's own callbacks run after those of all DLLs.  */
static void NTAPI at_end (void *module, DWORD reason, void *reserved) {
  (void) module;
  (void) reserved;
  if (reason != DLL_THREAD_DETACH || !is_worker) return;
  allocate_late ();
  InterlockedIncrement (&ended);
}

__attribute__ ((section (".CRT$XLF"), used)) static const PIMAGE_TLS_CALLBACK callback = at_end;

static DWORD WINAPI work (void *unused) {
  (void) unused;
  is_worker = 1;
  mi.free (mi.malloc (100));
  return 0;
}

static void run_threads (size_t n) {
  for (size_t i = 0; i < n; i += AT_ONCE) {
    HANDLE threads[AT_ONCE];
    for (size_t j = 0; j < AT_ONCE; j++) {
      threads[j] = CreateThread (NULL, 0, work, NULL, 0, NULL);
      REQUIRE (threads[j] != NULL);
    }
    WaitForMultipleObjects (AT_ONCE, threads, TRUE, INFINITE);
    for (size_t j = 0; j < AT_ONCE; j++) CloseHandle (threads[j]);
  }
}

/* How many heaps of threads there are.  */
static int64_t theaps (void) {
  mi_stats_t stats = {.size = sizeof (stats), .version = MI_STAT_VERSION};
  REQUIRE (mi.stats_get (&stats));
  return stats.theaps.current;
}

static size_t memory_used (void) {
  PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof (counters)};
  REQUIRE (K32GetProcessMemoryInfo (GetCurrentProcess (), &counters, sizeof (counters)));
  return counters.PagefileUsage;
}

/* The first threads make what all of them share.  */
static void count_what_is_left (size_t threads) {
  ended = failures = 0;
  run_threads (threads / 4);
  int64_t theaps_before = theaps ();
  size_t before = memory_used ();
  run_threads (threads);
  size_t after = memory_used ();
  tap_note ("%d heaps of threads and %d KiB, and %d and %d %d threads later", (int) theaps_before,
            (int) (before / 1024), (int) theaps (), (int) (after / 1024), (int) threads);
  CHECK_INT (failures, 0);
  CHECK_INT (ended, threads + threads / 4);
  CHECK (theaps () <= theaps_before);
  CHECK (after < before + (4u << 20));
}

static void late_threads_leave_no_heap_behind (void) {
  count_what_is_left (tap_scaled (100) * 8);
}

/* The part of the last thread is given up when the next one ends.  If the heap is destroyed before,
   that one part is lost.  */
static void neither_do_they_of_a_heap_of_the_program (void) {
  int64_t before = theaps ();
  heap = mi.heap_new ();
  REQUIRE (heap != NULL);
  count_what_is_left (tap_scaled (100) * 8);
  mi.heap_destroy (heap);
  heap = NULL;
  run_threads (AT_ONCE);
  CHECK (theaps () <= before + 1);
}

/* What late threads have left is whole and goes back, whoever frees it.  */
static void their_blocks_outlive_them (void) {
  failures = 0;
  for (size_t i = 0; i < KEPT; i++)
    if (kept[i] != NULL) {
      CHECK (fixture_is_ours (kept[i]) == 1);
      check_and_free (kept[i], size_of (i), byte_of (i));
      kept[i] = NULL;
    }
  CHECK_INT (failures, 0);
  if (fixture_expects_dll ()) CHECK_INT (fixture_check (), 0);
}

int main (void) {
  if (fixture_load_late () != 0) return 1;
  find_all ();
  TEST_RUN (late_threads_leave_no_heap_behind);
  TEST_RUN (neither_do_they_of_a_heap_of_the_program);
  TEST_RUN (their_blocks_outlive_them);
  return tap_done ();
}
