/* Taking over C runtimes of every shape, and leaving alone those where it would not be safe.  */

#include <stdio.h>
#include <string.h>

#include "ucrt/fake/fake-take-over.h"
#include "ucrt/nt.h"
#include "ucrt/refuse.h"
#include "support/tap.h"

static int calls_go_to (HMODULE dll, int mark) {
  int wrong = 0;
  for (const struct fake_name *name = fake_names; name->name != NULL; name++) {
    int got = fixture_call (dll, name->name);
    if (got == name->number + mark) continue;
    tap_note ("%s returned %d, not %d", name->name, got, name->number + mark);
    wrong++;
  }
  return wrong == 0;
}

static void every_shape_is_taken_over (void) {
  HMODULE dll = fixture_load ("fake-shapes");
  CHECK (calls_go_to (dll, 0));
  fixture_reset ("fake-shapes");
  CHECK_INT (ucrt_find_crts (), 1);
  CHECK_STR (ucrt_status.crts[0].reason, "");
  CHECK_STR (ucrt_status.crts[0].name, "fake-shapes.dll");
  CHECK_INT (ucrt_status.crts[0].state, MIR_UCRT_ACTIVE);
  CHECK_INT (ucrt_status.crts[0].late, 1);
  CHECK_INT (fixture_checks, 1);
  CHECK (calls_go_to (dll, MARK));
  /* The neighbours are unchanged, and twins are reached.  */
  CHECK_INT (fixture_call (dll, "_expand_next"), 60);
  CHECK_INT (fixture_call (dll, "_malloc_base"), 1);
  CHECK_INT (fixture_call (dll, "_o_malloc"), MARK + 1);
  fixture_unload (dll);
}

#ifdef __x86_64__
/* More than 2 GiB from the hooks.  */
static void far_away_it_is_taken_over_by_jump_stubs (void) {
  HMODULE dll = fixture_load ("fake-far");
  int64_t distance = (int64_t) ((uintptr_t) dll - (uintptr_t) GetModuleHandleA (NULL));
  if (distance == (int32_t) distance) tap_skip ("the loader has moved it near");
  fixture_reset ("fake-far");
  CHECK_INT (ucrt_find_crts (), 1);
  CHECK_STR (ucrt_status.crts[0].reason, "");
  CHECK (calls_go_to (dll, MARK));
  fixture_unload (dll);
}
#endif

static void status_tells_of_every_function (void) {
  HMODULE dll = fixture_load ("fake-shapes");
  fixture_reset ("fake-shapes");
  CHECK_INT (ucrt_find_crts (), 1);
  for (const struct fake_name *name = fake_names; name->name != NULL; name++) {
    const MIR_ucrt_function_t *status = fixture_status (0, name->name);
    CHECK_STR (status->name, name->name);
    CHECK_INT (status->state, MIR_UCRT_TAKEN);
    CHECK_INT (status->address, (uintptr_t) GetProcAddress (dll, name->name));
    CHECK_INT (status->intact, 1);
  }
  CHECK_INT (fixture_status (0, "_o_malloc")->state, MIR_UCRT_REACHED);
  CHECK_INT (fixture_status (0, "no_such_function")->state, MIR_UCRT_ABSENT);
  fixture_unload (dll);
}

/* Write LEN BYTES over the entry AT, as another hooker would; OLD, unless NULL, gets what was
   there.  */
static void overwrite (uint8_t *at, const uint8_t *bytes, size_t len, uint8_t *old) {
  DWORD protection;
  REQUIRE (VirtualProtect (at, len, PAGE_EXECUTE_READWRITE, &protection));
  if (old != NULL) memcpy (old, at, len);
  memcpy (at, bytes, len);
  VirtualProtect (at, len, protection, &protection);
}

static void another_hooker_is_seen_afterwards (void) {
  HMODULE dll = fixture_load ("fake-shapes");
  fixture_reset ("fake-shapes");
  CHECK_INT (ucrt_find_crts (), 1);
  uint8_t *entry = (uint8_t *) GetProcAddress (dll, "realloc"), trap = 0xcc, old;
  overwrite (entry, &trap, 1, &old);
  ucrt_refresh_status ();
  CHECK_INT (fixture_status (0, "realloc")->intact, 0);
  CHECK_INT (fixture_status (0, "realloc")->target, (uintptr_t) entry);
  CHECK_INT (fixture_status (0, "free")->intact, 1);
  overwrite (entry, &old, 1, NULL);
  ucrt_refresh_status ();
  CHECK_INT (fixture_status (0, "realloc")->intact, 1);
  fixture_unload (dll);
}

static int text_is (HMODULE dll, const uint8_t *copy, size_t size) {
  return memcmp ((const uint8_t *) dll + 0x1000, copy, size) == 0;
}

/* Try to take over DLL, which must fail with STATE and a reason that begins with REASON.  */
static void is_left_alone (HMODULE dll, const char *name, unsigned state, const char *reason) {
  static uint8_t text[0x1000];
  memcpy (text, (const uint8_t *) dll + 0x1000, sizeof (text));
  fixture_reset (name);
  CHECK_INT (ucrt_find_crts (), -1);
  CHECK_INT (ucrt_status.crts[0].state, state);
  if (strncmp (ucrt_status.crts[0].reason, reason, strlen (reason)) != 0)
    CHECK_STR (ucrt_status.crts[0].reason, reason);
  CHECK (text_is (dll, text, sizeof (text)));
}

static int __cdecl stranger (void) {
  return 77;
}

/* The ways in which others hook; zeroes stand for the address of stranger, absolute or relative.
   The ways in which others hook; zeroes stand for the address of stranger, absolute or
   relative.  */
static void hooked_by_others_is_refused_by_name (void) {
  static const struct {
    const char *bytes;
    size_t len, absolute, relative;
  } forms[] = {
#ifdef __x86_64__
      {"\xff\x25\0\0\0\0\0\0\0\0\0\0\0\0", 14, 6, 0},
      {"\x48\xb8\0\0\0\0\0\0\0\0\xff\xe0", 12, 2, 0},
      {"\x49\xbb\0\0\0\0\0\0\0\0\x41\xff\xe3", 13, 2, 0},
      {"\x48\xb8\0\0\0\0\0\0\0\0\x50\xc3", 12, 2, 0},
#else
      {"\xe9\0\0\0\0", 5, 0, 1},
      {"\xb8\0\0\0\0\xff\xe0", 7, 1, 0},
      {"\x68\0\0\0\0\xc3", 6, 1, 0},
      {"\xe8\0\0\0\0", 5, 0, 1},
#endif
  };
  char reason[160] = "malloc is already hooked by ", path[MAX_PATH];
  GetModuleFileNameA (NULL, path, sizeof (path));
  strcat (reason, CharLowerA (strrchr (path, '\\') + 1));
  HMODULE dll = fixture_load ("fake-shapes");
  uint8_t *entry = (uint8_t *) GetProcAddress (dll, "malloc"), old[16], bytes[16];
  for (size_t i = 0; i < sizeof (forms) / sizeof (forms[0]); i++) {
    uintptr_t to = (uintptr_t) stranger, distance = to - ((uintptr_t) entry + 5);
    memcpy (bytes, forms[i].bytes, forms[i].len);
    if (forms[i].absolute != 0) memcpy (bytes + forms[i].absolute, &to, sizeof (to));
    if (forms[i].relative != 0) memcpy (bytes + forms[i].relative, &distance, 4);
    overwrite (entry, bytes, forms[i].len, old);
    is_left_alone (dll, "fake-shapes", MIR_UCRT_REFUSED, reason);
    overwrite (entry, old, forms[i].len, NULL);
  }
  overwrite (entry, (const uint8_t *) "\xcc", 1, old);
  is_left_alone (dll, "fake-shapes", MIR_UCRT_REFUSED, "malloc has a breakpoint at its entry");
  overwrite (entry, old, 1, NULL);
  fixture_unload (dll);
}

static void unfit_runtimes_are_refused (void) {
  static const char *cases[][2] = {
      {"fake-missing", "free is missing"},
      {"fake-debug", "it is a debug C runtime"},
      {"fake-heapless", "the C runtime does not say which heap is its own"},
      {"fake-forward", "malloc is in another module"},
#ifdef __x86_64__
      {"fake-tight", "malloc has no room for a jump"},
      {"fake-hybrid", "the C runtime is ARM64EC"},
#endif
  };
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
    HMODULE dll = fixture_load (cases[i][0]);
    is_left_alone (dll, cases[i][0], MIR_UCRT_REFUSED, cases[i][1]);
    fixture_unload (dll);
  }
}

static void late_is_refused_if_so_wished (void) {
  HMODULE dll = fixture_load ("fake-shapes");
  fixture_reset ("fake-shapes");
  ucrt_options.refuse_late = 1;
  CHECK_INT (ucrt_find_crts (), -1);
  CHECK_STR (ucrt_status.crts[0].reason,
             "the C runtime is already running, and MIR_UCRT_LATE=refuse is set");
  CHECK_INT (fixture_checks, 0);
  CHECK (calls_go_to (dll, 0));
  fixture_unload (dll);
}

static void other_allocators_are_refused (void) {
  fixture_reset ("");
  const char *reason = ucrt_refuse_process ();
  CHECK_STR (reason == NULL ? "" : reason, "");
  static const char *const cases[][2] = {
      {"tbbmalloc_proxy", "oneTBB's proxy has taken over the C runtime"},
      {"clang_rt.asan_dynamic-x86_64", "AddressSanitizer watches this process"},
      {"clang_rt.asan_dbg_dynamic-i386", "AddressSanitizer watches this process"},
      {"Verifier", "Application Verifier watches this process"},
      {"mimalloc-redirect32", "mimalloc's redirection has taken over the C runtime"},
      {"mimalloc_replace", "mimalloc-replace has taken over the C runtime"},
      {"libtcmalloc_minimal", "tcmalloc has taken over the C runtime"},
  };
  for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
    HMODULE dll = fixture_load_copy ("fake-shapes", cases[i][0]);
    reason = ucrt_refuse_process ();
    CHECK_STR (reason == NULL ? "" : reason, cases[i][1]);
    fixture_unload (dll);
    CHECK_PTR (ucrt_refuse_process (), NULL);
  }
}

/* What the system says of the whole process: flags that debugging tools set, and policies.  */
static void watched_processes_are_refused (void) {
  uint32_t *flags = (uint32_t *) ((char *) ucrt_nt.peb () + (sizeof (void *) == 8 ? 0xbc : 0x68));
  const uint32_t before = *flags;
  fixture_reset ("");
  *flags = before | 0x02000000; /* gflags /p */
  const char *page_heap = ucrt_refuse_process ();
  *flags = before | 0x100; /* appverif */
  const char *verifier = ucrt_refuse_process ();
  *flags = before;
  CHECK_STR (page_heap == NULL ? "" : page_heap, "page heap is on for this process");
  CHECK_STR (verifier == NULL ? "" : verifier, "Application Verifier watches this process");
  CHECK_PTR (ucrt_refuse_process (), NULL);
}

static unsigned policy_flags;

static LONG NTAPI query_process (HANDLE process, int what, void *to, ULONG size, ULONG *len) {
  const ULONG *which = to; /* what is asked for stands in the answer's place */
  (void) process;
  (void) len;
  if (what != UCRT_NT_PROCESS_POLICY || size != 8 || *which != 2) return -1;
  ((ULONG *) to)[1] = policy_flags;
  return 0;
}

static void process_that_may_not_make_code_is_refused (void) {
  fixture_reset ("");
  LONG (NTAPI * real) (HANDLE, int, void *, ULONG, ULONG *) = ucrt_nt.query_process;
  ucrt_nt.query_process = query_process;
  policy_flags = 1; /* ProhibitDynamicCode */
  const char *reason = ucrt_refuse_process ();
  CHECK_STR (reason == NULL ? "" : reason,
             "this process may not create code (ProcessDynamicCodePolicy)");
  policy_flags = 2; /* AllowThreadOptOut alone forbids nothing */
  CHECK_PTR (ucrt_refuse_process (), NULL);
  ucrt_nt.query_process = real;
}

static void second_copy_stands_back_and_tells_the_first (void) {
  fixture_reset ("");
  HMODULE dll = fixture_load ("fake-copy");
  MIR_ucrt_status_t *other = (MIR_ucrt_status_t *) (void *) GetProcAddress (dll, "status");
  REQUIRE (other != NULL);
  CHECK_PTR (ucrt_refuse_process (), NULL); /* it is not initialised */
  other->magic = MIR_UCRT_STATUS_MAGIC;
  other->state = MIR_UCRT_ACTIVE;
  const char *reason = ucrt_refuse_process ();
  CHECK_STR (reason == NULL ? "" : reason, "another copy of this DLL is loaded");
  CHECK_INT (other->loaded_twice, 1);
  fixture_unload (dll);
}

/* Its DllMain calls malloc, which must already be ours.  */
static void loaded_later_is_taken_over_before_it_runs (void) {
  fixture_reset ("fake-later");
  CHECK_INT (ucrt_find_crts (), 0);
  ucrt_status.state = MIR_UCRT_WAITING;
  HMODULE dll = fixture_load_copy ("fake-shapes", "fake-later");
  CHECK_INT (ucrt_status.crts[0].state, MIR_UCRT_ACTIVE);
  CHECK_INT (ucrt_status.crts[0].late, 0);
  CHECK_INT (ucrt_status.state, MIR_UCRT_ACTIVE);
  int *when_loaded = (int *) (void *) GetProcAddress (dll, "when_loaded");
  REQUIRE (when_loaded != NULL);
  CHECK_INT (*when_loaded, MARK + 1);
  CHECK_INT (fixture_checks, 1);
  CHECK (calls_go_to (dll, MARK));
  FreeLibrary (dll);
  CHECK_INT (ucrt_status.crts[0].base, 0);
  dll = fixture_load_copy ("fake-shapes", "fake-later"); /* once more */
  CHECK (calls_go_to (dll, MARK));
  fixture_unload (dll);
}

static void several_runtimes_are_taken_over (void) {
  CreateDirectoryA ("fake-local", NULL);
  HMODULE one = fixture_load ("fake-shapes"),
          two = fixture_load_copy ("fake-shapes", "fake-local\\fake-shapes");
  REQUIRE (one != two);
  fixture_reset ("fake-shapes");
  CHECK_INT (ucrt_find_crts (), 2);
  CHECK (calls_go_to (one, MARK));
  CHECK (calls_go_to (two, MARK));
  CHECK_INT (ucrt_status.crts_num, 2);
  CHECK_INT (fixture_status (1, "free")->state, MIR_UCRT_TAKEN);
  fixture_unload (two);
  fixture_unload (one);
}

int main (int argc, char **argv) {
  fixture_folder (argc > 1 ? argv[1] : NULL);
  TEST_RUN (every_shape_is_taken_over);
#ifdef __x86_64__
  TEST_RUN (far_away_it_is_taken_over_by_jump_stubs);
#endif
  TEST_RUN (status_tells_of_every_function);
  TEST_RUN (another_hooker_is_seen_afterwards);
  TEST_RUN (hooked_by_others_is_refused_by_name);
  TEST_RUN (unfit_runtimes_are_refused);
  TEST_RUN (late_is_refused_if_so_wished);
  TEST_RUN (other_allocators_are_refused);
  TEST_RUN (watched_processes_are_refused);
  TEST_RUN (process_that_may_not_make_code_is_refused);
  TEST_RUN (second_copy_stands_back_and_tells_the_first);
  TEST_RUN (loaded_later_is_taken_over_before_it_runs);
  TEST_RUN (several_runtimes_are_taken_over);
  return tap_done ();
}
