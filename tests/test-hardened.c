/* A kernel that never lets memory become writable and executable: errors, no crash.
   PR_SET_MDWE is Linux 6.3's (prctl(2)); it lasts for the life of a process, hence the children. */
#include "mir.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error-trap.h"
#include "machine-code.h"
#include "tap.h"

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif
#ifndef PR_MDWE_REFUSE_EXEC_GAIN
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

enum { PASSED = 0, FAILED = 1, NO_MDWE = 77 };

/* Every publish is one error, and the context goes on living.  */
static int publish_under_mdwe (void) {
  uint8_t code[CODE_LEN];
  if (prctl (PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0) return NO_MDWE;
  MIR_context_t ctx = MIR_init ();
  if (ctx == NULL) return FAILED;
  MIR_set_error_func (ctx, error_trap_func);
  code_returning (code, 1);
  for (int i = 1; i <= 3; i++)
    if (!ERROR_CAUGHT (_MIR_publish_code (ctx, code, CODE_LEN)) || error_trap_count != i
        || error_trap_type != MIR_alloc_error)
      return FAILED;
  MIR_finish (ctx);
  return PASSED;
}

/* Code published before the door closed still runs and cannot be changed.  */
static int change_under_mdwe (void) {
  uint8_t code[CODE_LEN];
  MIR_context_t ctx = MIR_init ();
  if (ctx == NULL) return FAILED;
  MIR_set_error_func (ctx, error_trap_func);
  code_returning (code, 1);
  uint8_t *func = _MIR_publish_code (ctx, code, CODE_LEN);
  if (prctl (PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0) return NO_MDWE;
  code_returning (code, 2);
  if (!ERROR_CAUGHT (_MIR_change_code (ctx, func, code, CODE_LEN))) return FAILED;
  if (code_call (func) != 1) return FAILED;
  MIR_finish (ctx);
  return PASSED;
}

static void check_in_child (int (*func) (void)) {
  int status;
  fflush (stdout);
  pid_t pid = fork ();
  REQUIRE (pid >= 0);
  if (pid == 0) _exit (func ());
  REQUIRE (waitpid (pid, &status, 0) == pid);
  CHECK (WIFEXITED (status));
  if (WIFEXITED (status) && WEXITSTATUS (status) == NO_MDWE)
    tap_skip ("this kernel, or qemu-user, has no PR_SET_MDWE");
  CHECK_INT (WEXITSTATUS (status), PASSED);
}

static void publishing_under_mdwe_is_an_error (void) {
  check_in_child (publish_under_mdwe);
}
static void changing_under_mdwe_is_an_error (void) {
  check_in_child (change_under_mdwe);
}

int main (void) {
  TEST_RUN (publishing_under_mdwe_is_an_error);
  TEST_RUN (changing_under_mdwe_is_an_error);
  return tap_done ();
}
