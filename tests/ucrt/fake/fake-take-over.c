/* A take-over without the DLL: its hooks, its C runtimes, and system calls that fail.  */

#include "ucrt/fake/fake-take-over.h"

#include <stdio.h>  /* snprintf */
#include <string.h> /* memset, strcmp */

#include "ucrt/nt.h"
#include "ucrt/self-test.h"
#include "support/tap.h"

struct ucrt_options ucrt_options;
MIR_ucrt_status_t ucrt_status;

/* Each returns its own number.  */
#define HOOK(NUMBER)                        \
  static int __cdecl hook_##NUMBER (void) { \
    return MARK + NUMBER;                   \
  }
#define EACH(X) X (1) X (2) X (3) X (4) X (5) X (6) X (7) X (8) X (9) X (10) X (11)
EACH (HOOK)

#define FOR_ALL_CRTS(HOOK) {(void *) HOOK, (void *) HOOK, (void *) HOOK, (void *) HOOK}
#define ENTRY(NAME, NUMBER, FLAGS) \
  {.name = NAME, .hook = FOR_ALL_CRTS (hook_##NUMBER), .flags = FLAGS}

const struct ucrt_hook ucrt_hooks[] = {
    ENTRY ("malloc", 1, UCRT_HOOK_REQUIRED),
    ENTRY ("calloc", 2, 0),
    ENTRY ("realloc", 3, 0),
    ENTRY ("free", 4, UCRT_HOOK_REQUIRED),
    ENTRY ("_msize", 5, 0),
    ENTRY ("_expand", 6, 0),
    ENTRY ("_recalloc", 7, 0),
    ENTRY ("_aligned_malloc", 8, UCRT_HOOK_ALIGNED),
    ENTRY ("_aligned_free", 9, UCRT_HOOK_ALIGNED),
    ENTRY ("_aligned_msize", 10, UCRT_HOOK_ALIGNED),
    ENTRY ("_heapmin", 11, 0),
    {.name = "_o_malloc"}, /* it reaches malloc */
    ENTRY ("no_such_function", 1, 0),
};

const unsigned ucrt_hooks_num = sizeof (ucrt_hooks) / sizeof (ucrt_hooks[0]);

const struct fake_name fake_names[] = {
    {"malloc", 1},        {"calloc", 2},          {"realloc", 3},   {"free", 4},
    {"_msize", 5},        {"_expand", 6},         {"_recalloc", 7}, {"_aligned_malloc", 8},
    {"_aligned_free", 9}, {"_aligned_msize", 10}, {"_heapmin", 11}, {NULL, 0}};

void fixture_reset (const char *crts) {
  memset (&ucrt_options, 0, sizeof (ucrt_options));
  snprintf (ucrt_options.crts, sizeof (ucrt_options.crts), "%s", crts);
  for (unsigned i = 0; i < MIR_UCRT_CRTS_MAX; i++)
    if (ucrt_crts[i].base != NULL) ucrt_forget (&ucrt_crts[i]);
  memset (&ucrt_status, 0, sizeof (ucrt_status));
  memset (ucrt_crts, 0, sizeof (ucrt_crts));
  REQUIRE (ucrt_find_nt () == NULL);
  fixture_fail_at (-1);
  fixture_no_pins ();
  fixture_checks = 0;
}

int fixture_checks;

void ucrt_check_taken (const struct ucrt_crt *crt) {
  if (ucrt_status.crts[crt->index].state == MIR_UCRT_ACTIVE) fixture_checks++;
}

static char folder[MAX_PATH];

void fixture_folder (const char *wanted) {
  if (wanted == NULL) {
    GetModuleFileNameA (NULL, folder, sizeof (folder));
    *strrchr (folder, '\\') = 0;
    return;
  }
  snprintf (folder, sizeof (folder), "%s%s", wanted[0] == '/' ? "Z:" : "", wanted);
  for (char *c = folder; *c != 0; c++)
    if (*c == '/') *c = '\\';
}

static HMODULE load (const char *path) {
  HMODULE dll = LoadLibraryA (path);
  if (dll == NULL) tap_note ("%s: error %lu", path, GetLastError ());
  REQUIRE (dll != NULL);
  return dll;
}

HMODULE fixture_load (const char *name) {
  char path[2 * MAX_PATH];
  snprintf (path, sizeof (path), "%s\\%s.dll", folder, name);
  return load (path);
}

HMODULE fixture_load_copy (const char *name, const char *copy) {
  char here[MAX_PATH], from[2 * MAX_PATH], to[2 * MAX_PATH];
  snprintf (from, sizeof (from), "%s\\%s.dll", folder, name);
  REQUIRE (GetCurrentDirectoryA (sizeof (here), here) != 0);
  snprintf (to, sizeof (to), "%s\\%s.dll", here, copy);
  REQUIRE (CopyFileA (from, to, FALSE));
  return load (to);
}

void fixture_unload (HMODULE dll) {
  FreeLibrary (dll);
  ucrt_options.crts[0] = 0;
}

int fixture_call (HMODULE dll, const char *name) {
  fake_function_t function = (fake_function_t) (void *) GetProcAddress (dll, name);
  REQUIRE (function != NULL);
  return function (NULL);
}

MIR_ucrt_function_t *fixture_status (unsigned crt, const char *name) {
  for (unsigned i = 0; i < ucrt_hooks_num; i++)
    if (strcmp (ucrt_hooks[i].name, name) == 0)
      return &ucrt_status.functions[crt * ucrt_hooks_num + i];
  return NULL;
}

/*---------------- Failing system calls -----------------------------*/

static struct ucrt_nt real;
static int fail_in = -1, has_failed;

static int fails (void) {
  if (fail_in < 0 || fail_in-- > 0) return 0;
  has_failed = 1;
  return 1;
}

static const LONG refused = (LONG) 0xC0000022; /* STATUS_ACCESS_DENIED */

#define FAILING(NAME, PARAMETERS, ARGUMENTS)         \
  static LONG NTAPI failing_##NAME PARAMETERS {      \
    return fails () ? refused : real.NAME ARGUMENTS; \
  }

FAILING (protect, (HANDLE p, void **at, SIZE_T *size, ULONG protection, ULONG *old),
         (p, at, size, protection, old))
FAILING (allocate,
         (HANDLE p, void **at, ULONG_PTR zero, SIZE_T *size, ULONG type, ULONG protection),
         (p, at, zero, size, type, protection))
FAILING (query, (HANDLE p, const void *at, int what, void *to, SIZE_T size, SIZE_T *len),
         (p, at, what, to, size, len))
FAILING (flush, (HANDLE p, const void *at, SIZE_T size), (p, at, size))
FAILING (suspend, (HANDLE thread, ULONG *count), (thread, count))
FAILING (context, (HANDLE thread, CONTEXT *context), (thread, context))

static LONG NTAPI no_reference (ULONG flags, void *dll) {
  (void) flags;
  (void) dll;
  return 0;
}

void fixture_no_pins (void) {
  ucrt_nt.add_reference = no_reference;
}

void fixture_fail_at (int n) {
  if (real.protect == NULL) real = ucrt_nt;
  fail_in = n;
  has_failed = 0;
  ucrt_nt.protect = failing_protect;
  ucrt_nt.allocate = failing_allocate;
  ucrt_nt.query = failing_query;
  ucrt_nt.flush = failing_flush;
  ucrt_nt.suspend = failing_suspend;
  ucrt_nt.context = failing_context;
}

int fixture_has_failed (void) {
  return has_failed;
}
