/* Sets the DLL's state in the status, from the states of the CRTs.  */

#include "ucrt/health.h"

#include "ucrt/environment.h"
#include "ucrt/hooks.h"
#include "ucrt/log.h"
#include "ucrt/status-section.h"
#include "ucrt/take-over.h"

const MIR_ucrt_status_t *MIR_ucrt_status (void) {
  ucrt_refresh_status ();
  return &ucrt_status;
}

/* The name of a CRT that found no entry, because all belong to CRTs that are taken over; "":
   none.  */
static char left_out[64];

void ucrt_set_left_out (const char *name) {
  ucrt_format (left_out, sizeof (left_out), "%s", name);
}

/* The name of a CRT that is loaded and was not asked for; "": none.  */
static char passed_over[64];

void ucrt_set_passed_over (const char *name) {
  ucrt_format (passed_over, sizeof (passed_over), "%s", name);
}

void ucrt_update_state (void) {
  uint32_t state = MIR_UCRT_WAITING;
  char waiting[sizeof (ucrt_status.reason)] =
      "nothing to take over yet: no C runtime DLL is loaded";
  const char *reason = waiting;
  if (passed_over[0] != 0)
    ucrt_format (waiting, sizeof (waiting),
                 "nothing to take over yet: %s is loaded, but only taken over if MIR_UCRT_CRTS "
                 "names it",
                 passed_over);
  for (unsigned i = 0; i < ucrt_status.crts_num; i++) {
    const MIR_ucrt_crt_t *crt = &ucrt_status.crts[i];
    if (crt->base == 0 || state == MIR_UCRT_ACTIVE) continue;
    if (state != MIR_UCRT_WAITING && crt->state != MIR_UCRT_ACTIVE) continue;
    state = crt->state;
    reason = crt->reason;
  }
  ucrt_format (ucrt_status.reason, sizeof (ucrt_status.reason), "%s", reason);
  if (left_out[0] != 0)
    ucrt_format (ucrt_status.reason, sizeof (ucrt_status.reason),
                 "%s is left alone: %d C runtimes are already taken over", left_out,
                 MIR_UCRT_CRTS_MAX);
  __atomic_store_n (&ucrt_status.state, state, __ATOMIC_RELEASE);
}

/* The number of functions of CRT, an index, that are taken over.  */
static unsigned functions_taken (unsigned crt) {
  unsigned taken = 0;
  for (unsigned i = 0; i < ucrt_hooks_num; i++)
    if (ucrt_status.functions[crt * ucrt_hooks_num + i].state == MIR_UCRT_TAKEN) taken++;
  return taken;
}

/* Log one line for each CRT.  */
static void log_crts (void) {
  for (unsigned i = 0; i < ucrt_status.crts_num; i++) {
    const MIR_ucrt_crt_t *crt = &ucrt_status.crts[i];
    if (crt->state == MIR_UCRT_ACTIVE)
      ucrt_log ("active: %u functions of %s, taken over %s%s%s", functions_taken (i), crt->name,
                crt->late ? "late" : "at start-up", crt->reason[0] != 0 ? "; " : "", crt->reason);
    else
      ucrt_log ("%s: %s: %s", crt->state == MIR_UCRT_REFUSED ? "refused" : "failed", crt->name,
                crt->reason);
  }
}

void ucrt_report_state (void) {
  ucrt_update_state ();
  if (ucrt_options.verbose == 0) return;
  if (ucrt_status.state == MIR_UCRT_WAITING)
    ucrt_log ("waiting: %s", ucrt_status.reason);
  else
    log_crts ();
  if (ucrt_options.verbose < 2) return;
  unsigned results[3] = {0};
  for (uint32_t i = 0; i < ucrt_status.functions_num; i++)
    results[ucrt_status.functions[i].test % 3]++;
  ucrt_log ("test calls: %u passed, %u failed", results[MIR_UCRT_PASSED], results[MIR_UCRT_WRONG]);
}
