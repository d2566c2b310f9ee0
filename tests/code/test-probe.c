/* The probe: the back end it takes, and its reasons against the others.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "code/backend-fixture.h"

#include <errno.h>

#include "support/restrictions.h"

enum { ALL = 0x1ff };

static const MIR_code_verdict_t *verdict_of (const MIR_code_report_t *report, const char *name) {
  for (size_t i = 0; i < report->verdicts_num; i++)
    if (strcmp (report->verdicts[i].backend, name) == 0) return &report->verdicts[i];
  return NULL;
}

static void note (const MIR_code_report_t *report) {
  for (size_t i = 0; i < report->verdicts_num; i++) {
    const MIR_code_verdict_t *v = &report->verdicts[i];
    tap_note ("%s: %s%s%s", v->backend, v->reason == NULL ? "works" : v->reason,
              v->error == 0 ? "" : ": ", v->error == 0 ? "" : strerror (v->error));
  }
}

static void the_best_that_works_is_taken (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  const struct mir_backend *found = mir_backend_probe (0, MIR_CODE_OPEN_ALIAS, &report);
  note (&report);
  REQUIRE (found != NULL);
  tap_note ("chosen here: %s", found->name);
  CHECK_STR (report.backend, found->name);
  REQUIRE (report.verdicts_num > 0);
  const MIR_code_verdict_t *last = &report.verdicts[report.verdicts_num - 1];
  CHECK_STR (last->backend, found->name);
  CHECK (last->reason == NULL);
  CHECK_INT (last->error, 0);
  for (size_t i = 0; i + 1 < report.verdicts_num; i++) CHECK (report.verdicts[i].reason != NULL);
  CHECK_PTR (mir_backend_probe (0, MIR_CODE_OPEN_ALIAS, NULL), found);
}

static void the_default_is_remembered_until_forgotten (void) {
  mir_backend_forget ();
  const struct mir_backend *found = mir_backend_default ();
  REQUIRE (found != NULL);
  CHECK_PTR (mir_backend_default (), found);
  mir_backend_forget ();
  CHECK_PTR (mir_backend_default (), found);
  CHECK_PTR (mir_backend_probe (0, MIR_CODE_OPEN_ALIAS, NULL), found);
}

static void the_error_number_is_left_alone (void) {
  errno = 4711;
  (void) mir_backend_probe (0, MIR_CODE_NO_ALIAS, NULL);
  CHECK_INT (errno, 4711);
}

static void masks_are_obeyed (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  for (int i = 0; mir_backends[i] != NULL; i++) {
    const struct mir_backend *only = mir_backends[i];
    const struct mir_backend *found = mir_backend_probe (only->bit, MIR_CODE_OPEN_ALIAS, &report);
    CHECK (found == NULL || found == only);
    for (size_t v = 0; v < report.verdicts_num; v++)
      if (strcmp (report.verdicts[v].backend, only->name) != 0)
        CHECK_STR (report.verdicts[v].reason, "not allowed by the options");
  }
  CHECK (mir_backend_probe (MIR_CODE_SECTION, MIR_CODE_OPEN_ALIAS, &report) == NULL);
  CHECK (report.backend == NULL);
}

static void rwx_is_never_taken_unasked (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  const struct mir_backend *found =
      mir_backend_probe (ALL & ~(unsigned) MIR_CODE_RWX, MIR_CODE_NO_ALIAS, &report);
  CHECK (found == NULL || found->bit != MIR_CODE_RWX);
  for (int l = 0; l < LEVELS; l++) {
    found = mir_backend_probe (0, (MIR_code_protection_t) l, NULL);
    CHECK (found == NULL || found->bit != MIR_CODE_RWX);
  }
}

static void levels_are_obeyed (void) {
  for (int l = 0; l < LEVELS; l++) {
    MIR_code_report_t report = {.size = sizeof (report)};
    const struct mir_backend *found = mir_backend_probe (0, (MIR_code_protection_t) l, &report);
    tap_note ("%s: %s", level_names[l], found == NULL ? "none" : found->name);
    CHECK (found == NULL || (found->levels & 1u << l) != 0);
    const MIR_code_verdict_t *anon = verdict_of (&report, "anon");
    REQUIRE (anon != NULL);
    if (l == MIR_CODE_NO_ALIAS) CHECK_STR (anon->reason, "does not support this protection");
  }
}

/*---------------- In children -----------------------------*/

/* The verdict that check_restricted expects.  */
static const char *expected_name, *expected_reason;
static int expected_error;
static int (*restriction) (void);

static int probe_restricted (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  const struct mir_backend *only = backend_named (expected_name);
  if (mir_backend_probe (only->bit, MIR_CODE_OPEN_ALIAS, NULL) == NULL) return NOT_HERE;
  if (restriction () != 0) return NOT_HERE;
  if (mir_backend_probe (only->bit, MIR_CODE_OPEN_ALIAS, &report) != NULL) return 2;
  const MIR_code_verdict_t *v = verdict_of (&report, expected_name);
  if (v == NULL || report.backend != NULL) return 3;
  if (v->reason == NULL || strcmp (v->reason, expected_reason) != 0) return 4;
  return v->error == expected_error ? PASSED : 100 + v->error % 100;
}

static void check_restricted (const char *name, int (*restrict_child) (void), const char *reason,
                              int error) {
  expected_name = name;
  expected_reason = reason;
  expected_error = error;
  restriction = restrict_child;
  check_passes_in_child (probe_restricted,
                         "this system, or emulator, does not have the back end or the restriction");
}

static void memfd_is_refused_by_seccomp (void) {
  check_restricted ("memfd", seccomp_memfd, "the system refused to map executable memory", EPERM);
}
static void memfd_is_refused_without_file_growth (void) {
  check_restricted ("memfd", no_file_growth, "the system refused to map executable memory", EFBIG);
}
static void tmpfile_is_refused_without_descriptors (void) {
  check_restricted ("tmpfile", no_descriptors, "the system refused to map executable memory",
                    EMFILE);
}
static void procmem_is_refused_without_descriptors (void) {
  check_restricted ("procmem", no_descriptors, "the system refused to map executable memory",
                    EMFILE);
}
static void remap_is_refused_by_mdwe (void) {
  check_restricted ("remap", mdwe, "the system refused to let code be written", EACCES);
}
static void rwx_is_refused_by_mdwe (void) {
  check_restricted ("rwx", mdwe, "the system refused to map executable memory", EACCES);
}
static void anon_is_refused_without_executable_memory (void) {
  check_restricted ("anon", no_executable_mappings, "the system refused to map executable memory",
                    EPERM);
}

int main (void) {
  TEST_RUN (the_best_that_works_is_taken);
  TEST_RUN (the_default_is_remembered_until_forgotten);
  TEST_RUN (the_error_number_is_left_alone);
  TEST_RUN (masks_are_obeyed);
  TEST_RUN (rwx_is_never_taken_unasked);
  TEST_RUN (levels_are_obeyed);
  TEST_RUN (memfd_is_refused_by_seccomp);
  TEST_RUN (memfd_is_refused_without_file_growth);
  TEST_RUN (tmpfile_is_refused_without_descriptors);
  TEST_RUN (procmem_is_refused_without_descriptors);
  TEST_RUN (remap_is_refused_by_mdwe);
  TEST_RUN (rwx_is_refused_by_mdwe);
  TEST_RUN (anon_is_refused_without_executable_memory);
  return tap_done ();
}
