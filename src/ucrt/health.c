#include <windows.h>
#include <mimalloc.h>

#include "ucrt/hooks.h"
#include "ucrt/ucrt.h"

/* Initialised, so that it is in the file and the section is exactly this.  */
__attribute__ ((section (MIR_UCRT_STATUS_SECTION), used)) MIR_ucrt_status_t ucrt_status = {
    .version = MIR_UCRT_STATUS_VERSION,
    .size = sizeof (MIR_ucrt_status_t),
    .state = MIR_UCRT_STARTING,
    .bits = sizeof (void *) * 8,
};

MIR_ucrt_counters_t *ucrt_counters (void) {
  return &ucrt_status
              .counters[GetCurrentThreadId () / 4 % MIR_UCRT_STRIPES]; /* ids are multiples of 4 */
}

const MIR_ucrt_status_t *MIR_ucrt_status (void) {
  ucrt_look_again ();
  return &ucrt_status;
}

void ucrt_health_init (void) {
  ucrt_status.process = GetCurrentProcessId ();
  ucrt_status.mimalloc_version = (uint32_t) mi_version ();
  ucrt_status.counting = ucrt_options.counting != 0;
  ucrt_status.exact = MIR_UCRT_EXACT_SIZE;
  __atomic_store_n (&ucrt_status.magic, MIR_UCRT_STATUS_MAGIC, __ATOMIC_RELEASE);
}

void ucrt_set_state (MIR_ucrt_state_t state, const char *reason) {
  ucrt_format (ucrt_status.reason, sizeof (ucrt_status.reason), "%s", reason);
  __atomic_store_n (&ucrt_status.state, (uint32_t) state, __ATOMIC_RELEASE);
}

static unsigned functions_taken (unsigned crt) {
  unsigned taken = 0;
  for (unsigned i = 0; i < ucrt_hooks_num; i++)
    if (ucrt_status.functions[crt * ucrt_hooks_num + i].state == MIR_UCRT_TAKEN) taken++;
  return taken;
}

/* One line for each CRT.  */
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
  ucrt_log ("test calls: %u right, %u wrong", results[MIR_UCRT_PASSED], results[MIR_UCRT_WRONG]);
}
