/* What the table of calls does not cover: the system's error code, a new handler that helps, blocks
   of the aligned functions in the plain ones and the reverse, alignments of every size, and the
   DLL's self-test at any moment.  */

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <mimalloc.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "ucrt/fixture.h"
#include "support/tap.h"

/* mingw's headers leave it out.  */
__declspec (dllimport) size_t __cdecl _aligned_msize (void *, size_t, size_t);

/* Find the function NAME of the module DLL; FUNC points to a function pointer.  */
static void find (const char *dll, const char *name, void *func) {
  FARPROC found = GetProcAddress (GetModuleHandleA (dll), name);
  REQUIRE (found != NULL);
  memcpy (func, &found, sizeof (found));
}

/*---------------- The system's error code -----------------------------*/

/* A program may allocate and free between a call that fails and GetLastError; neither the heap's
   functions nor the UCRT's change the error code when they succeed.  */

enum { MARK = 0x20001234 };
static const char *changed_by;
static unsigned changed_to;

static void look (const char *what) {
  if (GetLastError () != MARK && changed_by == NULL) {
    changed_by = what;
    changed_to = GetLastError ();
  }
  SetLastError (MARK);
}

static void call_all (size_t n) {
  SetLastError (MARK);
  void *p = malloc (n), *q = calloc (1, n);
  look ("malloc");
  p = realloc (p, 2 * n + 1);
  look ("realloc");
  q = _recalloc (q, 3, n);
  look ("_recalloc");
  (void) _expand (p, n);
  look ("_expand");
  (void) _msize (p);
  look ("_msize");
  free (p);
  free (q);
  look ("free");
  p = _aligned_malloc (n, 4096);
  look ("_aligned_malloc");
  p = _aligned_realloc (p, 2 * n, 64);
  look ("_aligned_realloc");
  _aligned_free (p);
  look ("_aligned_free");
}

static void call_sizes (void) {
  for (size_t n = 1; n < (64u << 20); n = n * 5 + 3) call_all (n);
}

static DWORD WINAPI call_in_thread (void *others) {
  SetLastError (MARK);
  free (others);
  look ("free of another thread's");
  call_sizes ();
  return 0;
}

static void system_error_code_is_kept (void) {
  changed_by = NULL;
  call_sizes ();
  if (changed_by != NULL) tap_note ("%s makes it %u", changed_by, changed_to);
  if (changed_by != NULL && !fixture_expects_dll ())
    tap_skip ("the CRT's own %s does not", changed_by);
  CHECK (changed_by == NULL);
  changed_by = NULL;
  /* The thread's first blocks.  */
  HANDLE thread = CreateThread (NULL, 0, call_in_thread, malloc (50), 0, NULL);
  REQUIRE (thread != NULL);
  WaitForSingleObject (thread, INFINITE);
  CloseHandle (thread);
  if (changed_by != NULL) tap_note ("in a thread %s makes it %u", changed_by, changed_to);
  CHECK (changed_by == NULL);
}

/*---------------- A new handler that helps -----------------------------*/

static void (*set_option) (mi_option_t, long);
static volatile int asked; /* volatile: the compiler believes that malloc calls nothing */

static int __cdecl help (size_t n) {
  (void) n;
  set_option (mi_option_disallow_os_alloc, 0);
  return ++asked < 10;
}

static int (__cdecl *set_new_mode) (int);
static void *kept[64];
static unsigned kept_num;

static void *keep (void *block) {
  REQUIRE (kept_num < sizeof (kept) / sizeof (kept[0]));
  return kept[kept_num++] = block;
}

/* Ensure that N bytes are not available until the new handler is asked.  */
static void make_short (size_t n) {
  void *block;
  set_option (mi_option_disallow_os_alloc, 1);
  set_new_mode (0);
  for (int none = 0; none < 3; none += block == NULL) /* after a failure mimalloc tidies up */
    if ((block = malloc (n)) != NULL) keep (block);
  set_new_mode (1);
  asked = 0;
}

static char *asked_once (void *block) {
  CHECK_INT (asked, 1);
  CHECK (block != NULL);
  return keep (block);
}

static void new_handler_that_frees_memory_is_enough (void) {
  /* So much that the DLL has room for a few blocks only.  */
  const size_t n = sizeof (void *) == 8 ? (size_t) 1500 << 20 : (size_t) 200 << 20;
  if (!fixture_expects_dll ()) tap_skip ("there is no way to make memory short");
  void *(__cdecl * set_new_handler) (int (__cdecl *) (size_t));
  find (MIR_UCRT_DLL, "mi_option_set", &set_option);
  find ("ucrtbase.dll", "_set_new_mode", &set_new_mode);
  find ("ucrtbase.dll", "_set_new_handler", &set_new_handler);
  set_new_handler (help);
  if (set_new_handler (help) == NULL) tap_skip ("Wine's own runtime keeps no handler");
  char *old = malloc (100);
  memset (old, 7, 100);
  make_short (n);
  asked_once (malloc (n));
  make_short (n);
  char *p = asked_once (calloc (n, 1));
  CHECK (p != NULL && p[0] == 0 && p[n - 1] == 0);
  make_short (n);
  p = asked_once (realloc (old, n));
  CHECK (p != NULL && p[0] == 7 && p[99] == 7);
  make_short (n);
  asked_once (_aligned_malloc (n, 64));
  make_short (n);
  set_new_handler (NULL);
  errno = 0;
  CHECK_PTR (malloc (n), NULL);
  CHECK_INT (errno, ENOMEM);
  set_new_mode (0);
  set_option (mi_option_disallow_os_alloc, 0);
  while (kept_num > 0)
    free (kept[--kept_num]); /* also the aligned one: with the DLL this is allowed */
}

/*---------------- Blocks of the other kind -----------------------------*/

/* With the UCRT's own blocks these calls would end the program.  */

static void blocks_go_to_the_other_family (void) {
  if (!fixture_expects_dll ()) tap_skip ("the UCRT's own blocks must not");
  for (size_t n = 1; n < 300000; n = n * 3 + 1)
    for (size_t alignment = 8; alignment <= 65536; alignment *= 4) {
      char *p = _aligned_malloc (n, alignment);
      REQUIRE (p != NULL);
      CHECK_INT (_msize (p), n);
      memset (p, 5, n);
      p = realloc (p, n + n / 8); /* in place, or not */
      REQUIRE (p != NULL);
      CHECK_INT (_msize (p), n + n / 8);
      CHECK (p[0] == 5 && p[n - 1] == 5);
      if (_expand (p, n) == p) CHECK_INT (_msize (p), n);
      p = _recalloc (p, 2, n);
      CHECK_INT (_aligned_msize (p, alignment, 0), 2 * n);
      CHECK (p[0] == 5 && p[n - 1] == 5 && p[n] == 0 && p[2 * n - 1] == 0);
      _aligned_free (p);
      free (_aligned_offset_malloc (n + 9, alignment, 8));
      _aligned_free (malloc (n));
    }
}

static void alignments_of_every_size (void) {
  const size_t limit = sizeof (void *) == 8 ? (size_t) 64 << 20 : (size_t) 4 << 20;
  for (size_t alignment = 1; alignment <= limit; alignment *= 2)
    for (size_t offset = 0; offset <= 3 * alignment && offset < (1u << 25);
         offset = offset * 7 + 5) {
      size_t n = offset + 100;
      char *p = _aligned_offset_malloc (n, alignment, offset);
      REQUIRE (p != NULL);
      CHECK (((uintptr_t) p + offset) % alignment == 0);
      CHECK_INT (_aligned_msize (p, alignment, offset), n);
      p[0] = p[99] = p[n - 1] = 3;
      char *q = _aligned_offset_realloc (p, 2 * n, alignment, offset);
      REQUIRE (q != NULL);
      CHECK (((uintptr_t) q + offset) % alignment == 0 && q[0] == 3 && q[99] == 3 && q[n - 1] == 3);
      CHECK_INT (_aligned_msize (q, alignment, offset), 2 * n);
      _aligned_free (q);
    }
}

/*---------------- The self-test -----------------------------*/

/* MIR_ucrt_check, with any number of blocks of the size that it uses.  */

static void test_calls_pass_at_any_moment (void) {
  enum { BLOCKS = 2500 };
  static void *blocks[BLOCKS];
  if (!fixture_expects_dll ()) tap_skip ("they are the DLL's");
  int wrong = 0;
  for (size_t i = 0; i < BLOCKS; i++) {
    blocks[i] = malloc (48);
    wrong += fixture_check () != 0;
  }
  CHECK_INT (wrong, 0);
  for (size_t i = 0; i < BLOCKS; i++) free (blocks[i]);
}

int main (void) {
  if (fixture_load_late () != 0) return 1;
  TEST_RUN (system_error_code_is_kept);
  TEST_RUN (new_handler_that_frees_memory_is_enough);
  TEST_RUN (blocks_go_to_the_other_family);
  TEST_RUN (alignments_of_every_size);
  TEST_RUN (test_calls_pass_at_any_moment);
  return tap_done ();
}
