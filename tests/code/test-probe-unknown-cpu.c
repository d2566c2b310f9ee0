/* The probe on a CPU for which the library has no code to run.  Linux.  */
#include "code/backend-fixture.h"

#include "code/cpu.h"

/* In place of the library's: no proof, no thunks.  */
const struct mir_cpu mir_cpu = {.reach = SIZE_MAX / 2};

static const char not_provable[] = "no code to try it with on this CPU; taken only if named";

static void only_back_ends_that_need_no_trial_are_taken (void) {
  MIR_code_report_t report;
  const struct mir_backend *found = mir_backend_probe (0, MIR_CODE_OPEN_ALIAS, &report);
  for (size_t i = 0; i < report.verdicts_num; i++) {
    const MIR_code_verdict_t *v = &report.verdicts[i];
    int is_remap = strcmp (v->backend, "remap") == 0;
    if (!is_remap && strcmp (v->backend, "rwx") != 0) CHECK_STR (v->reason, not_provable);
  }
  CHECK (report.verdicts_num >= 5);
  if (found == NULL) tap_skip ("this system refuses remap");
  CHECK_STR (found->name, "remap");
}

static void a_level_without_such_a_back_end_has_none (void) {
  MIR_code_report_t report;
  CHECK_PTR (mir_backend_probe (0, MIR_CODE_SEALED, &report), NULL);
  CHECK (report.backend == NULL);
}

static void a_named_back_end_is_taken_unseen (void) {
  MIR_code_report_t report;
  const struct mir_backend *found =
      mir_backend_probe (MIR_CODE_MEMFD, MIR_CODE_OPEN_ALIAS, &report);
  if (found == NULL) tap_skip ("this system refuses memfd");
  CHECK_STR (found->name, "memfd");
}

int main (void) {
  TEST_RUN (only_back_ends_that_need_no_trial_are_taken);
  TEST_RUN (a_level_without_such_a_back_end_has_none);
  TEST_RUN (a_named_back_end_is_taken_unseen);
  return tap_done ();
}
