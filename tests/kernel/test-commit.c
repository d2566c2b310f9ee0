/* Where vm.overcommit_memory=2 lets no more memory be committed: the library is refused and says so, no store is a SIGBUS,
   and a context is not charged for memory that it does not use.  For a machine in that mode with nothing else on it: each
   child takes all that may be committed.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "mir-alloc.h"
#include "mir-code.h"
#include "mir.h"
#include "support/child.h"
#include "support/machine-code.h"
#include "support/tap.h"

enum { LEN = 4000, FEW = 2000, MANY = 4000 }; /* bytes of a function; functions */
enum { PASSED = 0, REFUSED = 1, FAILED = 2 }; /* exit statuses of children */

static const struct {
  const char *name;
  unsigned backends;
  MIR_code_protection_t protection;
} kinds[] = {
    {"default", 0, MIR_CODE_OPEN_ALIAS},
    {"memfd", MIR_CODE_MEMFD, MIR_CODE_OPEN_ALIAS},
    {"memfd, closed alias", MIR_CODE_MEMFD, MIR_CODE_CLOSED_ALIAS},
    {"tmpfile", MIR_CODE_TMPFILE, MIR_CODE_OPEN_ALIAS},
    {"procmem", MIR_CODE_PROCMEM, MIR_CODE_NO_ALIAS},
    {"remap", MIR_CODE_REMAP, MIR_CODE_NO_ALIAS},
    {"default, sealed", 0, MIR_CODE_SEALED},
};
enum { KINDS = sizeof (kinds) / sizeof (kinds[0]) };

static MIR_code_options_t options;
static MIR_code_space_t space;
static MIR_code_writer_t writer;
static uint8_t *funcs[MANY];
static int num;

static void take_all_memory (void) {
  for (size_t len = (size_t) 1 << 34; len >= 4096; len /= 2)
    while (mmap (NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
           != MAP_FAILED) {
    }
}

static long kilobytes (const char *name) {
  char line[256];
  long value = -1;
  FILE *file = fopen ("/proc/meminfo", "r");
  if (file == NULL) return -1;
  while (fgets (line, sizeof (line), file) != NULL)
    if (strncmp (line, name, strlen (name)) == 0) sscanf (line + strlen (name), "%ld", &value);
  fclose (file);
  return value;
}

static MIR_code_status_t publish_up_to (int wanted) {
  static uint8_t code[LEN];
  MIR_code_status_t status = MIR_CODE_OK;
  for (num = 0; num < wanted; num++) {
    code_returning (code, (unsigned) num);
    status = MIR_code_publish (writer, code, LEN, NULL, &funcs[num]);
    if (status != MIR_CODE_OK) break;
  }
  return status;
}

static int wrong_ones (void) {
  int wrong = 0;
  for (int i = 0; i < num; i++)
    if (funcs[i] != NULL) wrong += code_call (funcs[i]) != (unsigned) i;
  return wrong;
}

/*---------------- In children -----------------------------*/

static int probe_without_memory (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  take_all_memory ();
  return MIR_code_probe (&options, &report) == MIR_CODE_OK ? PASSED : REFUSED;
}

static int make_context_without_memory (void) {
  take_all_memory ();
  return MIR_init () == NULL ? REFUSED : PASSED;
}

/* Also where much was freed and given back.  */
static int publish_without_memory (void) {
  MIR_code_status_t status;
  if (publish_up_to (FEW) != MIR_CODE_OK) return FAILED;
  for (int i = 0; i < num; i++) {
    if (i % 40 == 0) continue;
    if (MIR_code_free_now (space, funcs[i]) != MIR_CODE_OK) return FAILED;
    funcs[i] = NULL;
  }
  (void) MIR_code_trim (space);
  if (wrong_ones () != 0) return FAILED;
  take_all_memory ();
  status = publish_up_to (MANY);
  if (wrong_ones () != 0) return FAILED;
  return status == MIR_CODE_OK ? PASSED : REFUSED;
}

static int patch_without_memory (void) {
  uint8_t code[CODE_LEN];
  int refused = 0;
  take_all_memory ();
  for (int i = 0; i < num; i++) {
    code_returning (code, (unsigned) i);
    refused += MIR_code_patch_stopped (space, funcs[i], code, CODE_LEN) != MIR_CODE_OK;
  }
  if (wrong_ones () != 0) return FAILED;
  return refused == 0 ? PASSED : REFUSED;
}

static int patch_in_child (void) {
  if (publish_up_to (FEW) != MIR_CODE_OK) return FAILED;
  struct child_end end = run_child (patch_without_memory, NULL, 0);
  if (end.signal != 0 || wrong_ones () != 0) return FAILED;
  return end.status;
}

static int (*with_space) (void);

static int use_space (void) {
  if (MIR_code_space_create (&options, &space) != MIR_CODE_OK) return FAILED;
  if (MIR_code_writer_create (space, &writer) != MIR_CODE_OK) return FAILED;
  return with_space ();
}

static int make_and_fork (void) {
  long before = kilobytes ("Committed_AS:");
  MIR_context_t ctx = MIR_init ();
  if (ctx == NULL || MIR_malloc (MIR_get_alloc (ctx), 100) == NULL) return FAILED;
  long charged = kilobytes ("Committed_AS:") - before;
  tap_note ("a context was charged %ld kB", charged);
  return charged < 32 * 1024 ? PASSED : REFUSED;
}

/*---------------- Tests -----------------------------*/

static void check_child (const char *name, int (*func) (void)) {
  struct child_end end = run_child (func, NULL, 0);
  tap_note ("%s: %s", name,
            end.signal != 0         ? "a signal"
            : end.status == PASSED  ? "works"
            : end.status == REFUSED ? "refused"
                                    : "wrong");
  CHECK_INT (end.signal, 0);
  CHECK (end.status == PASSED || end.status == REFUSED);
}

static void check_kinds (int (*func) (void)) {
  for (int i = 0; i < KINDS; i++) {
    options = (MIR_code_options_t) {
        .size = sizeof (options), .backends = kinds[i].backends, .protection = kinds[i].protection};
    with_space = func;
    check_child (kinds[i].name, func == probe_without_memory ? func : use_space);
  }
}

static void probe_is_refused (void) {
  check_kinds (probe_without_memory);
}
static void context_is_refused (void) {
  check_child ("MIR_init", make_context_without_memory);
}
static void publishing_is_refused (void) {
  check_kinds (publish_without_memory);
}
static void patching_in_a_child_is_refused (void) {
  check_kinds (patch_in_child);
}

static void context_is_charged_for_what_it_uses (void) {
  CHECK_INT (run_child (make_and_fork, NULL, 0).status, PASSED);
}

static int is_limited (void) {
  int mode = -1;
  FILE *file = fopen ("/proc/sys/vm/overcommit_memory", "r");
  if (file == NULL) return 0;
  if (fscanf (file, "%d", &mode) != 1) mode = -1;
  fclose (file);
  return mode == 2;
}

int main (void) {
  if (!is_limited ()) {
    printf ("Bail out! vm.overcommit_memory is not 2\n");
    return 1;
  }
  TEST_RUN (context_is_charged_for_what_it_uses);
  TEST_RUN (probe_is_refused);
  TEST_RUN (context_is_refused);
  TEST_RUN (publishing_is_refused);
  TEST_RUN (patching_in_a_child_is_refused);
  return tap_done ();
}
