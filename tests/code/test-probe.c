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

/* What a space with default options would get.  */
static const struct mir_backend *choose_default (void) {
  MIR_code_status_t status;
  const struct mir_backend *found = mir_backend_choose (0, MIR_CODE_OPEN_ALIAS, &status);
  CHECK ((found != NULL) == (status == MIR_CODE_OK));
  return found;
}

static void the_default_is_remembered_until_forgotten (void) {
  mir_backend_forget ();
  const struct mir_backend *found = choose_default ();
  REQUIRE (found != NULL);
  CHECK_PTR (choose_default (), found);
  mir_backend_forget ();
  CHECK_PTR (choose_default (), found);
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

/*---------------- SELinux -----------------------------*/

static const char no_such_restriction[] =
    "this system, or emulator, or user may not have the restriction";

/* Put a file in place of the one that tells whether SELinux is enforced.  */
static int pretend_selinux (const char *enforced) {
  if (own_mounts () != 0 || mount ("tmpfs", "/sys/fs", "tmpfs", MS_NOSUID | MS_NODEV, NULL) != 0
      || mkdir ("/sys/fs/selinux", 0755) != 0)
    return -1;
  int fd = open ("/sys/fs/selinux/enforce", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return -1;
  close (fd);
  return write_file ("/sys/fs/selinux/enforce", enforced);
}

/* The reason why anon does not work.  */
static const char *reason_of_anon (void) {
  static MIR_code_report_t report;
  if (mir_backend_probe (MIR_CODE_ANON, MIR_CODE_OPEN_ALIAS, &report) != NULL) return "works";
  return verdict_of (&report, "anon")->reason;
}

static int selinux_enforced (void) {
  if (pretend_selinux ("1") != 0 || no_executable_access () != 0) return NOT_HERE;
  const char *reason = reason_of_anon ();
  return strstr (reason, "SELinux") != NULL && strstr (reason, "execmem") != NULL ? PASSED : 2;
}

static int selinux_permissive (void) {
  if (pretend_selinux ("0") != 0 || no_executable_access () != 0) return NOT_HERE;
  return strstr (reason_of_anon (), "SELinux") == NULL ? PASSED : 2;
}

static int selinux_enforced_and_mdwe (void) {
  if (pretend_selinux ("1") != 0 || mdwe () != 0 || no_executable_access () != 0) return NOT_HERE;
  return strstr (reason_of_anon (), "SELinux") == NULL ? PASSED : 2;
}

static int selinux_and_another_error (void) {
  if (pretend_selinux ("1") != 0 || no_executable_mappings () != 0) return NOT_HERE;
  return strstr (reason_of_anon (), "SELinux") == NULL ? PASSED : 2;
}

static void selinux_is_named_where_it_forbids (void) {
  check_passes_in_child (selinux_enforced, no_such_restriction);
  check_passes_in_child (selinux_permissive, no_such_restriction);
  check_passes_in_child (selinux_and_another_error, no_such_restriction);
  check_passes_in_child (selinux_enforced_and_mdwe, no_such_restriction);
}

/*---------------- What is remembered -----------------------------*/

/* In a child: later restrictions do not matter to what is known, until a probe asks anew.  */
static int known_until_probed (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  const struct mir_backend *found = choose_default ();
  if (found == NULL || no_executable_mappings () != 0) return NOT_HERE;
  if (choose_default () != found) return 2;
  if (MIR_code_probe (NULL, &report) != MIR_CODE_NO_BACKEND) return NOT_HERE;
  return choose_default () == NULL ? PASSED : 3;
}

static void what_works_is_known_until_a_probe_asks_anew (void) {
  check_passes_in_child (known_until_probed, no_such_restriction);
}

/* In a child: a refusal that will last is known, too.  */
static int refused_until_probed (void) {
  MIR_code_status_t status;
  const struct mir_backend *procmem = backend_named ("procmem");
  if (mir_backend_choose (procmem->bit, MIR_CODE_NO_ALIAS, &status) != procmem) return NOT_HERE;
  if (no_proc () != 0) return NOT_HERE;
  mir_backend_forget ();
  if (mir_backend_choose (procmem->bit, MIR_CODE_NO_ALIAS, &status) != NULL) return 2;
  if (status != MIR_CODE_NO_BACKEND || umount ("/proc") != 0) return 3;
  if (mir_backend_choose (procmem->bit, MIR_CODE_NO_ALIAS, &status) != NULL) return 4;
  if (mir_backend_choose (MIR_CODE_ANON, MIR_CODE_OPEN_ALIAS, &status)
      != mir_backend_probe (MIR_CODE_ANON, MIR_CODE_OPEN_ALIAS, NULL))
    return 5; /* another back end is another matter */
  if (mir_backend_probe (procmem->bit, MIR_CODE_NO_ALIAS, NULL) != procmem) return 6;
  return mir_backend_choose (procmem->bit, MIR_CODE_NO_ALIAS, &status) == procmem ? PASSED : 7;
}

static void what_is_refused_for_good_is_known_until_a_probe_asks_anew (void) {
  check_passes_in_child (refused_until_probed, no_such_restriction);
}

/* In a child of a process that knows its back end.  */
static int restricted_child (void) {
  if (no_executable_mappings () != 0) return NOT_HERE;
  if (mir_backend_choose (MIR_CODE_ANON, MIR_CODE_OPEN_ALIAS, &(MIR_code_status_t) {0}) != NULL)
    return 2;
  return PASSED;
}

static void a_child_asks_again (void) {
  MIR_code_status_t status;
  const struct mir_backend *anon = backend_named ("anon");
  if (mir_backend_choose (anon->bit, MIR_CODE_OPEN_ALIAS, &status) == NULL)
    tap_skip ("no anon here");
  check_passes_in_child (restricted_child, no_such_restriction);
  CHECK_PTR (mir_backend_choose (anon->bit, MIR_CODE_OPEN_ALIAS, &status), anon);
}

/* In a child: a space meets a restriction that came after the probe.  */
static int refused_later (void) {
  MIR_code_space_t first, second;
  MIR_code_writer_t writer;
  uint8_t code[CODE_LEN], *addr;
  code_returning (code, 1);
  if (MIR_code_space_create (NULL, &first) != MIR_CODE_OK) return NOT_HERE;
  if (MIR_code_writer_create (first, &writer) != MIR_CODE_OK) return 2;
  if (no_executable_mappings () != 0) return NOT_HERE;
  if (MIR_code_publish (writer, code, CODE_LEN, NULL, &addr) != MIR_CODE_MAP_REFUSED) return 3;
  return MIR_code_space_create (NULL, &second) == MIR_CODE_NO_BACKEND ? PASSED : 4;
}

static void a_refused_mapping_ends_what_was_known (void) {
  check_passes_in_child (refused_later, no_such_restriction);
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
/* What mmap says of fresh memory that the kernel refuses with EPERM: musl's makes that ENOMEM.  */
#ifdef __GLIBC__
enum { REFUSED_MAPPING = EPERM };
#else
enum { REFUSED_MAPPING = ENOMEM };
#endif

static void anon_is_refused_without_executable_memory (void) {
  check_restricted ("anon", no_executable_mappings, "the system refused to map executable memory",
                    REFUSED_MAPPING);
}

int main (void) {
  TEST_RUN (the_best_that_works_is_taken);
  TEST_RUN (the_default_is_remembered_until_forgotten);
  TEST_RUN (selinux_is_named_where_it_forbids);
  TEST_RUN (what_works_is_known_until_a_probe_asks_anew);
  TEST_RUN (what_is_refused_for_good_is_known_until_a_probe_asks_anew);
  TEST_RUN (a_child_asks_again);
  TEST_RUN (a_refused_mapping_ends_what_was_known);
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
