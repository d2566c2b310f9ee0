/* mir-ucrt.dll for arm64ec at work: its ARM64 code takes over a C runtime's, and its callers come
   through the exports as x64 code does.  Windows is made up (system.h), and nothing is emulated:
   that the real one loads the DLL is not tested.

   usage: test-arm64ec DLL CRT MODE; a mode is one process:
     first    before the C runtime's DllMain     hooked   an export leads to another hooker
     late     after it                           refused  no memory for ARM64EC code
                                                 forgotten  memory that is not marked as such  */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mir-ucrt.h"
#include "ucrt/arm64ec/loader.h"
#include "ucrt/arm64ec/system.h"
#include "support/tap.h"

enum { ATTACH = 1, DETACH = 0, FUNCTIONS = 11, BLOCKS = 3000 };
/* So far apart that jumps need stubs.  */
#define DLL_AT ((uintptr_t) 0x7000000000)
#define CRT_AT ((uintptr_t) 0x7100000000)

static struct module *dll, *crt;
static int is_late;

/* Call the export NAME of MODULE.  */
static uint64_t call (struct module *module, const char *name, uint64_t a, uint64_t b) {
  return enter (loader_target (loader_export (module, name)), a, b, 0, 0);
}

static int run_entry (struct module *module, uint64_t why) {
  return (int) enter (loader_target (loader_entry (module)), (uintptr_t) module->base, why,
                      why == DETACH, 0);
}

static void start_crt (void) {
  const uint32_t attached = ENTRY_ATTACHED;
  CHECK_INT (run_entry (crt, ATTACH), 1);
  memcpy (crt->entry + ENTRY_FLAGS, &attached, sizeof (attached));
}

static const MIR_ucrt_status_t *status (void) {
  return (const MIR_ucrt_status_t *) call (dll, "MIR_ucrt_status", 0, 0);
}

static int is_ours (uint64_t block) {
  return block != 0 && (call (dll, "mi_any_heap_contains", block, 0) & 0xff) != 0;
}

/*---------------- Taken over -----------------------------*/

static void functions_are_taken_over (void) {
  const MIR_ucrt_status_t *now = status ();
  unsigned taken = 0;
  CHECK_STR (now->reason, "");
  REQUIRE (now->state == MIR_UCRT_ACTIVE);
  CHECK_INT (now->crts[0].late, is_late);
  for (uint32_t i = 0; i < now->functions_num; i++) {
    const MIR_ucrt_function_t *function = &now->functions[i];
    if (function->state != MIR_UCRT_TAKEN) continue;
    taken++;
    if (function->test != MIR_UCRT_PASSED) tap_note ("%s", function->name);
    CHECK_INT (function->test, MIR_UCRT_PASSED);
    CHECK (function->intact);
    CHECK (loader_is_code (function->address) && loader_is_code (function->target));
  }
  CHECK_INT (taken, FUNCTIONS);
}

static void other_threads_are_seen_in_aligned_functions (void) {
  if (!is_late) tap_skip ("no thread runs before the C runtime");
  CHECK_INT (status ()->crts[0].retries, SYSTEM_STEPS);
  CHECK_INT (system_notes.resumed, SYSTEM_STEPS + 1);
}

static void code_was_never_writable_and_executable (void) {
  CHECK_INT (system_notes.both, 0);
  CHECK (system_notes.code_opened > 0);
  CHECK_INT (system_notes.code_pages, 1); /* of jump stubs */
}

static void callers_get_blocks_of_ours (void) {
  unsigned requests = system_notes.heap_requests;
  uint64_t block = call (crt, "malloc", 100, 0);
  CHECK (is_ours (block));
  CHECK_INT (call (crt, "_msize", block, 0), 100);
  memset ((void *) block, 7, 100);
  block = call (crt, "realloc", block, 100000);
  CHECK (is_ours (block) && ((uint8_t *) block)[99] == 7);
  call (crt, "free", block, 0);
  block = call (crt, "_aligned_malloc", 100, 4096);
  CHECK (is_ours (block) && block % 4096 == 0);
  call (crt, "_aligned_free", block, 0);
  CHECK_INT (system_notes.heap_requests, requests);
}

static void the_crt_itself_gets_them_too (void) {
  uint64_t block = call (crt, "_strdup_like", 64, 0);
  CHECK (is_ours (block));
  call (crt, "free", block, 0);
}

static void blocks_keep_what_is_in_them (void) {
  static uint8_t *blocks[BLOCKS];
  for (size_t i = 0; i < BLOCKS; i++) {
    blocks[i] = (uint8_t *) call (crt, "malloc", 7 * i, 0);
    REQUIRE (blocks[i] != NULL);
    memset (blocks[i], (int) i, 7 * i);
  }
  int same = 1;
  for (size_t i = 0; i < BLOCKS; i++) {
    for (size_t j = 0; j < 7 * i; j++) same &= blocks[i][j] == (uint8_t) i;
    call (crt, "free", (uintptr_t) blocks[i], 0);
  }
  CHECK (same);
}

static uint64_t older; /* a block from before */

static void blocks_from_before_go_back (void) {
  if (!is_late) tap_skip ("there are none");
  long blocks = system_notes.heap_blocks;
  CHECK (!is_ours (older));
  CHECK_INT (call (crt, "_msize", older, 0), 30);
  call (crt, "free", older, 0);
  CHECK_INT (system_notes.heap_blocks, blocks - 1);
}

static void test_calls_pass (void) {
  CHECK_INT ((int) call (dll, "MIR_ucrt_check", 0, 0), 0);
}

static void the_process_ends (void) {
  CHECK_INT (run_entry (dll, DETACH), 1);
}

/*---------------- Left alone -----------------------------*/

static const char *expected; /* the beginning of the reason */
static uint8_t *before;      /* the C runtime's bytes */

static void the_crt_is_left_as_it_was (void) {
  const MIR_ucrt_status_t *now = status ();
  CHECK (now->state == MIR_UCRT_REFUSED || now->state == MIR_UCRT_FAILED);
  if (strncmp (now->reason, expected, strlen (expected)) != 0) CHECK_STR (now->reason, expected);
  CHECK (memcmp (crt->base, before, crt->size) == 0);
  CHECK_INT (system_notes.code_pages, 0);
  start_crt ();
  CHECK (!is_ours (call (crt, "malloc", 10, 0)));
}

/* Overwrite the beginning of the export NAME with an x64 jump.  */
static void hook (const char *name) {
  void *at = (void *) loader_export (crt, name);
  uint32_t old;
  uint64_t address = (uintptr_t) at, size = 5;
  int (*protect) (uint64_t, const uint64_t *, const uint64_t *, uint32_t, uint32_t *) =
      (int (*) (uint64_t, const uint64_t *, const uint64_t *, uint32_t,
                uint32_t *)) system_function ("NtProtectVirtualMemory");
  if (protect (0, &address, &size, 4, &old) != 0) exit (1);
  memcpy (at, "\xe9\0\0\x10\0", 5);
  if (protect (0, &address, &size, old, &old) != 0) exit (1);
  system_notes = (struct system_notes) {0};
}

static void test_left_alone (const char *mode) {
  if (strcmp (mode, "hooked") == 0) hook ("calloc");
  system_notes.refuse_code = strcmp (mode, "refused") == 0;
  system_notes.forget_code = strcmp (mode, "forgotten") == 0;
  expected = strcmp (mode, "hooked") == 0 ? "calloc leads to code for another CPU, or was changed"
                                          : "no executable memory is available";
  before = malloc (crt->size);
  if (before == NULL) exit (1);
  memcpy (before, crt->base, crt->size);
  run_entry (dll, ATTACH);
  TEST_RUN (the_crt_is_left_as_it_was);
}

int main (int argc, char **argv) {
  if (argc != 4) return 2;
  dll = loader_load (argv[1], "mir-ucrt.dll", DLL_AT);
  crt = loader_load (argv[2], "ucrtbase.dll", CRT_AT);
  is_late = strcmp (argv[3], "late") == 0;
  if (!is_late && strcmp (argv[3], "first") != 0) {
    test_left_alone (argv[3]);
    return tap_done ();
  }
  if (is_late) {
    start_crt ();
    older = call (crt, "malloc", 30, 0);
    system_notes.inside = loader_target (loader_export (crt, "_aligned_malloc")) + 4;
  }
  run_entry (dll, ATTACH);
  TEST_RUN (functions_are_taken_over);
  TEST_RUN (other_threads_are_seen_in_aligned_functions);
  TEST_RUN (code_was_never_writable_and_executable);
  if (!is_late) TEST_RUN (start_crt);
  TEST_RUN (callers_get_blocks_of_ours);
  TEST_RUN (the_crt_itself_gets_them_too);
  TEST_RUN (blocks_keep_what_is_in_them);
  TEST_RUN (blocks_from_before_go_back);
  TEST_RUN (test_calls_pass);
  TEST_RUN (the_process_ends);
  return tap_done ();
}
