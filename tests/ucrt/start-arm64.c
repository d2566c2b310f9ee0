/* A program for arm64 without start-up code or headers of a C runtime.  It imports mir-ucrt.dll, before ucrtbase.dll or,
   with LATE=1, behind it.  Prints TAP.  */

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "mir-ucrt.h"

#define BLOCKS 256
#define ROUNDS 20000
#define THREADS 4

__declspec (dllimport) void *malloc (size_t);
__declspec (dllimport) void *calloc (size_t, size_t);
__declspec (dllimport) void *realloc (void *, size_t);
__declspec (dllimport) void *_recalloc (void *, size_t, size_t);
__declspec (dllimport) void free (void *);
__declspec (dllimport) size_t _msize (void *);
__declspec (dllimport) void *_aligned_malloc (size_t, size_t);
__declspec (dllimport) void *_aligned_realloc (void *, size_t, size_t);
__declspec (dllimport) void _aligned_free (void *);
__declspec (dllimport) char *_strdup (const char *);
__declspec (dllimport) unsigned char mi_any_heap_contains (const void *);

static unsigned count, failed;

static void say (const char *text) {
  DWORD written;
  DWORD n = 0;
  while (text[n] != 0) n++;
  (void) WriteFile (GetStdHandle (STD_OUTPUT_HANDLE), text, n, &written, NULL);
}

static void say_number (unsigned n) {
  char text[12];
  int at = sizeof (text) - 1;
  text[at] = 0;
  do text[--at] = (char) ('0' + n % 10);
  while ((n /= 10) != 0);
  say (text + at);
}

static void result (int good, const char *name) {
  say (good ? "ok " : "not ok ");
  say_number (++count);
  say (" - ");
  say (name);
  say ("\n");
  failed += !good;
}

/* Whether P is a block of ours with SIZE bytes.  */
static int is_ours (void *p, size_t size) {
  return p != NULL && mi_any_heap_contains (p) && _msize (p) == size;
}

static int is_aligned (void *p) {
  return p != NULL && mi_any_heap_contains (p) && ((uintptr_t) p & 255) == 0;
}

static void blocks (void) {
  unsigned char *p = malloc (100);
  result (is_ours (p, 100), "malloc");
  p = realloc (p, 5000);
  result (is_ours (p, 5000), "realloc");
  p = _recalloc (p, 100, 70);
  result (is_ours (p, 7000) && p[5000] == 0 && p[6999] == 0, "_recalloc");
  free (p);
  p = calloc (10, 10);
  result (is_ours (p, 100) && p[99] == 0, "calloc");
  free (p);
  p = _aligned_malloc (100, 256);
  result (is_aligned (p), "_aligned_malloc");
  p = _aligned_realloc (p, 3000, 256);
  result (is_aligned (p), "_aligned_realloc");
  _aligned_free (p);
  p = (unsigned char *) _strdup ("arm64");
  result (is_ours (p, 6) && p[4] == '4', "_strdup");
  free (p);
}

/* Random blocks; the number of those that were wrong.  */
static DWORD WINAPI stress (void *seed) {
  unsigned char *p[BLOCKS];
  unsigned x = (unsigned) (uintptr_t) seed;
  DWORD wrong = 0;
  for (unsigned i = 0; i < BLOCKS; i++) p[i] = NULL;
  for (unsigned i = 0; i < ROUNDS; i++) {
    x = x * 1103515245u + 12345u;
    unsigned size = (x >> 8) % 3000 + 1, k = x >> 24;
    wrong += p[k] != NULL && p[k][0] != (unsigned char) k;
    free (p[k]);
    p[k] = malloc (size);
    if (is_ours (p[k], size))
      p[k][0] = (unsigned char) k;
    else
      wrong++;
  }
  for (unsigned i = 0; i < BLOCKS; i++) free (p[i]);
  return wrong;
}

static void threads (void) {
  HANDLE thread[THREADS];
  DWORD wrong = 0, one = 1;
  for (uintptr_t i = 0; i < THREADS; i++)
    thread[i] = CreateThread (NULL, 0, stress, (void *) (i + 1), 0, NULL);
  for (unsigned i = 0; i < THREADS; i++) {
    WaitForSingleObject (thread[i], INFINITE);
    if (!GetExitCodeThread (thread[i], &one)) one = 1;
    wrong += one;
  }
  result (wrong == 0, "threads that allocate");
}

static void status (void) {
  unsigned taken = 0, good = 0;
  result (MIR_ucrt_check () == 0, "MIR_ucrt_check"); /* only now _heapmin is tested, too */
  const MIR_ucrt_status_t *status = MIR_ucrt_status ();
  for (unsigned i = 0; i < status->functions_num; i++) {
    const MIR_ucrt_function_t *f = &status->functions[i];
    if (f->state != MIR_UCRT_TAKEN) continue;
    taken++;
    good += f->intact && f->test == MIR_UCRT_PASSED;
  }
  result (status->state == MIR_UCRT_ACTIVE && status->crts[0].late == LATE,
          "taken over when expected");
  say ("# functions: ");
  say_number (taken);
  say ("\n");
  result (taken > 0 && good == taken, "functions are intact, and their test calls right");
}

int start (void);

int start (void) {
  status ();
  blocks ();
  threads ();
  say ("1..");
  say_number (count);
  say ("\n");
  ExitProcess (failed != 0);
}
