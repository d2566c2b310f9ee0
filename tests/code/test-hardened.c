/* Systems which restrict executable memory: code still runs, or there is an error, and never a
   crash.  Restrictions last for the life of a process, hence the children.

   Each restriction is tried with the defaults and with every back end alone; a row of a table shows
   the results.  The test asserts that no child dies, that code runs in each back end which the
   probe accepts, and that anon, where a system has it at all, works under every restriction.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "mir.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mir-code-object.h"
#include "mir-code.h"
#include "support/error-trap.h"
#include "support/machine-code.h"
#include "support/restrictions.h"
#include "support/tap.h"

static const struct {
  const char *name;
  unsigned bit;
} backends[] = {
    {"anon", MIR_CODE_ANON},       {"memfd", MIR_CODE_MEMFD}, {"tmpfile", MIR_CODE_TMPFILE},
    {"procmem", MIR_CODE_PROCMEM}, {"remap", MIR_CODE_REMAP}, {"rwx", MIR_CODE_RWX},
};
enum { BACKENDS = sizeof (backends) / sizeof (backends[0]) };

/* A further exit status beside those of restrictions.h: REFUSED + a MIR_code_status_t.  */
enum { REFUSED = 100 };

static int (*restriction) (void);
static unsigned mask; /* of the back end under test */
static int told[2];   /* a pipe: a child names its back end, or the reason why it has none */
enum { TOLD_SIZE = 100 };

/*---------------- In children -----------------------------*/

static int tell (const char *text) {
  return text != NULL && write (told[1], text, strlen (text)) > 0;
}

static int tell_backend (MIR_code_space_t space) {
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  (void) MIR_code_get_stats (space, &stats);
  return tell (stats.backend);
}

/* Tell why the only allowed back end is not taken.  */
static void tell_reason (const MIR_code_report_t *report) {
  char text[TOLD_SIZE];
  for (size_t i = 0; i < report->verdicts_num; i++)
    if (report->verdicts[i].error != 0) {
      snprintf (text, sizeof (text), "%s, %s", report->verdicts[i].reason,
                strerror (report->verdicts[i].error));
      (void) tell (text);
    }
}

/* Publish, run, change and run code with default options.  */
static int use_defaults (void) {
  uint8_t code[CODE_LEN];
  if (restriction () != 0) return NOT_HERE;
  MIR_context_t ctx = MIR_init ();
  if (ctx == NULL) return REFUSED;
  MIR_set_error_func (ctx, error_trap_func);
  if (setjmp (error_trap) != 0) return REFUSED;
  code_returning (code, 1);
  uint8_t *func = _MIR_publish_code (ctx, code, CODE_LEN);
  if (code_call (func) != 1) return FAILED;
  code_returning (code, 2);
  _MIR_change_code (ctx, func, code, CODE_LEN);
  if (code_call (func) != 2) return FAILED;
  if (!tell_backend (MIR_get_code_space (ctx))) return FAILED;
  MIR_finish (ctx);
  return PASSED;
}

static int is_documented (MIR_code_status_t status) {
  return status == MIR_CODE_NO_BACKEND || status == MIR_CODE_MAP_REFUSED
         || status == MIR_CODE_WRITE_REFUSED;
}

/* The same in SPACE.  Returns MIR_CODE_OK or the first refusal, and sets *WRONG if code runs
   wrongly.  */
static MIR_code_status_t use_space (MIR_code_space_t space, int *wrong) {
  uint8_t code[CODE_LEN], *func;
  MIR_code_writer_t writer;
  MIR_code_status_t status = MIR_code_writer_create (space, &writer);
  if (status != MIR_CODE_OK) return status;
  code_returning (code, 1);
  if ((status = MIR_code_publish (writer, code, CODE_LEN, NULL, &func)) != MIR_CODE_OK)
    return status;
  if (code_call (func) != 1) *wrong = 1;
  code_returning (code, 2);
  status = MIR_code_patch_stopped (space, func, code, CODE_LEN);
  if (code_call (func) != (status == MIR_CODE_OK ? 2 : 1)) *wrong = 1;
  MIR_code_writer_finish (writer);
  return status;
}

/* Code that has a constant and a variable, in a SPACE with a range.  Likewise.  */
static MIR_code_status_t use_object (MIR_code_space_t space, int *wrong) {
  MIR_code_segment_t segments[] = {
      {.size = sizeof (*segments), .access = MIR_CODE_READ_EXEC, .len = CODE_LEN},
      {.size = sizeof (*segments), .access = MIR_CODE_READ_ONLY, .len = 1},
      {.size = sizeof (*segments), .access = MIR_CODE_READ_WRITE, .len = 1},
  };
  MIR_code_object_t object;
  MIR_code_status_t status = MIR_code_object_reserve (space, segments, 3, &object);
  if (status != MIR_CODE_OK) return status;
  code_returning (segments[0].buffer, 3);
  *segments[1].buffer = 4;
  status = MIR_code_object_commit (space, object, NULL);
  if (status != MIR_CODE_OK) {
    MIR_code_object_abort (space, object);
    return status;
  }
  *segments[2].addr = 5;
  if (code_call (segments[0].addr) != 3 || *segments[1].addr != 4) *wrong = 1;
  return MIR_code_object_free_now (space, object);
}

static int use_one_backend (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  MIR_code_options_t options;
  MIR_code_space_t space;
  int wrong = 0;
  if (restriction () != 0) return NOT_HERE;
  memset (&options, 0, sizeof (options));
  options.size = sizeof (options);
  options.backends = mask;
  MIR_code_status_t probed = MIR_code_probe (&options, &report);
  if (probed != MIR_CODE_OK && probed != MIR_CODE_NO_BACKEND) return FAILED;
  tell_reason (&report);
  MIR_code_status_t status = MIR_code_space_create (&options, &space);
  if (status == MIR_CODE_OK) {
    status = use_space (space, &wrong);
    MIR_code_space_finish (space);
  }
  options.reserve = (size_t) 16 << 20;
  if (status == MIR_CODE_OK) status = MIR_code_space_create (&options, &space);
  if (status == MIR_CODE_OK) {
    status = use_object (space, &wrong);
    MIR_code_space_finish (space);
  }
  if (wrong || (probed == MIR_CODE_OK && status != MIR_CODE_OK)) return FAILED;
  if (status == MIR_CODE_OK) return PASSED;
  return is_documented (status) ? REFUSED + (int) status : FAILED;
}

/* NULL where the system is already such that private memory cannot be executable: SELinux.  */
static uint8_t *publish_if_allowed (MIR_context_t ctx, const uint8_t *code) {
  uint8_t *volatile func = NULL;
  if (ERROR_CAUGHT (func = _MIR_publish_code (ctx, code, CODE_LEN))) func = NULL;
  return func;
}

/* The default vtable needs writable and executable pages: every publish is one error.  */
static int use_default_vtable (void) {
  uint8_t code[CODE_LEN];
  MIR_context_t defaults = MIR_init ();
  if (defaults == NULL) return FAILED;
  MIR_context_t ctx = MIR_init2 (NULL, MIR_get_code_alloc (defaults));
  if (ctx == NULL) return FAILED;
  MIR_set_error_func (ctx, error_trap_func);
  code_returning (code, 1);
  uint8_t *func = publish_if_allowed (ctx, code);
  if (func == NULL) return NOT_HERE;
  if (restriction () != 0) return NOT_HERE;
  for (int i = 1; i <= 3; i++)
    if (!ERROR_CAUGHT (_MIR_publish_code (ctx, code, CODE_LEN)) || error_trap_count != i
        || error_trap_type != MIR_alloc_error)
      return FAILED;
  code_returning (code, 2);
  if (!ERROR_CAUGHT (_MIR_change_code (ctx, func, code, CODE_LEN))) return FAILED;
  if (code_call (func) != 1) return FAILED;
  MIR_finish (ctx);
  MIR_finish (defaults);
  return PASSED;
}

static int get_no_context (void) {
  if (restriction () != 0) return NOT_HERE;
  return MIR_init () == NULL ? PASSED : FAILED;
}

/*---------------- Children -----------------------------*/

/* The exit status of a child which runs FUNC; its message is in TEXT.  */
static int in_child (int (*func) (void), char text[TOLD_SIZE]) {
  int status;
  REQUIRE (pipe (told) == 0);
  fflush (stdout);
  pid_t pid = fork ();
  REQUIRE (pid >= 0);
  if (pid == 0) _exit (func ());
  close (told[1]);
  memset (text, 0, TOLD_SIZE);
  if (read (told[0], text, TOLD_SIZE - 1) < 0) text[0] = '\0';
  close (told[0]);
  REQUIRE (waitpid (pid, &status, 0) == pid);
  if (!WIFEXITED (status)) {
    tap_note ("the child died of signal %d", WTERMSIG (status));
    return FAILED;
  }
  return WEXITSTATUS (status);
}

static const char *text_of (int result) {
  if (result == PASSED) return "runs";
  if (result > REFUSED) return MIR_code_status_text ((MIR_code_status_t) (result - REFUSED));
  return result == NOT_HERE ? "not tried" : result == REFUSED ? "refused" : "FAILED";
}

/* Whether anon works without restrictions; under emulators and valgrind it does not.  */
static int has_anon (void) {
  char text[TOLD_SIZE];
  restriction = no_restriction;
  mask = MIR_CODE_ANON;
  return in_child (use_one_backend, text) == PASSED;
}

static void check_row (int (*restrict_child) (void)) {
  char text[TOLD_SIZE];
  int anon = has_anon ();
  restriction = restrict_child;
  int result = in_child (use_defaults, text);
  if (result == NOT_HERE)
    tap_skip ("this system, or emulator, or user may not have the restriction");
  tap_note ("by default: %s %s", text_of (result), text);
  CHECK (result == PASSED || (result == REFUSED && !anon));
  for (int i = 0; i < BACKENDS; i++) {
    mask = backends[i].bit;
    result = in_child (use_one_backend, text);
    tap_note ("%s: %s%s%s", backends[i].name, text_of (result), text[0] == '\0' ? "" : ": ", text);
    CHECK (result == PASSED || result > REFUSED);
    if (anon && mask == MIR_CODE_ANON) CHECK_INT (result, PASSED);
  }
}

static void check_in_child (int (*func) (void), int (*restrict_child) (void)) {
  char text[TOLD_SIZE];
  restriction = restrict_child;
  int result = in_child (func, text);
  if (result == NOT_HERE)
    tap_skip ("this system, or emulator, or user may not have the restriction");
  CHECK_INT (result, PASSED);
}

/*---------------- The table -----------------------------*/

static void code_runs_unrestricted (void) {
  check_row (no_restriction);
}
static void code_runs_under_mdwe (void) {
  check_row (mdwe);
}
static void code_runs_under_seccomp (void) {
  check_row (seccomp_write_execute);
}
static void code_runs_under_mdwe_and_seccomp (void) {
  check_row (mdwe_and_seccomp);
}
static void code_runs_under_both_without_memfd (void) {
  check_row (mdwe_seccomp_no_memfd);
}
static void code_runs_with_memfd_noexec_1 (void) {
  check_row (memfd_noexec_1);
}
static void code_runs_with_memfd_noexec_2 (void) {
  check_row (memfd_noexec_2);
}
static void code_runs_with_noexec_directories (void) {
  check_row (noexec_directories);
}
static void code_runs_without_file_growth (void) {
  check_row (no_file_growth);
}
static void code_runs_without_descriptors (void) {
  check_row (no_descriptors);
}
static void code_runs_for_an_ordinary_user (void) {
  check_row (ordinary_user);
}
static void code_runs_without_proc (void) {
  check_row (no_proc);
}
static void code_runs_under_all_of_them (void) {
  check_row (all_restrictions);
}
static void code_runs_under_everything_at_once (void) {
  check_row (everything_at_once);
}

static void the_vtable_is_refused_under_mdwe (void) {
  check_in_child (use_default_vtable, mdwe);
}
static void the_vtable_is_refused_under_seccomp (void) {
  check_in_child (use_default_vtable, seccomp_write_execute);
}
static void no_executable_memory_at_all_is_no_context (void) {
  check_in_child (get_no_context, no_executable_mappings);
}

int main (void) {
  TEST_RUN (code_runs_unrestricted);
  TEST_RUN (code_runs_under_mdwe);
  TEST_RUN (code_runs_under_seccomp);
  TEST_RUN (code_runs_under_mdwe_and_seccomp);
  TEST_RUN (code_runs_under_both_without_memfd);
  TEST_RUN (code_runs_with_memfd_noexec_1);
  TEST_RUN (code_runs_with_memfd_noexec_2);
  TEST_RUN (code_runs_with_noexec_directories);
  TEST_RUN (code_runs_without_file_growth);
  TEST_RUN (code_runs_without_descriptors);
  TEST_RUN (code_runs_for_an_ordinary_user);
  TEST_RUN (code_runs_without_proc);
  TEST_RUN (code_runs_under_all_of_them);
  TEST_RUN (code_runs_under_everything_at_once);
  TEST_RUN (the_vtable_is_refused_under_mdwe);
  TEST_RUN (the_vtable_is_refused_under_seccomp);
  TEST_RUN (no_executable_memory_at_all_is_no_context);
  return tap_done ();
}
