/* Validates a status, and computes what follows from it.  */
#include "inject/process/status.h"

#include <string.h>

#include "inject/process/process.h"
#include "text/utf8.h"

const char status_not_begun[] = "it has not been initialised yet";

const char *status_accept (MIR_ucrt_status_t *status, const void *from, size_t size) {
  if (size < offsetof (MIR_ucrt_status_t, state)) return "it is too short for a status";
  memcpy (status, from, size < sizeof (*status) ? size : sizeof (*status));
  if (status->magic == 0) return status_not_begun;
  if (status->magic != MIR_UCRT_STATUS_MAGIC) return "it does not begin as a status does";
  if (status->version != MIR_UCRT_STATUS_VERSION)
    return "its version is unknown to this mir-inject: use the one that came with the DLL";
  if (status->size != sizeof (*status)) return "its size is wrong for its version";
  if (size < sizeof (*status)) return "it is cut off";
  if (status->crts_num > MIR_UCRT_CRTS_MAX) return "it lists more C runtimes than there can be";
  if (status->functions_num > MIR_UCRT_FUNCTIONS_MAX)
    return "it lists more functions than there can be";
  for (uint32_t i = 0; i < status->functions_num; i++) {
    if (status->functions[i].crt >= status->crts_num)
      return "one of its functions belongs to no C runtime";
    utf8_clean (status->functions[i].name, sizeof (status->functions[i].name));
  }
  for (uint32_t i = 0; i < status->crts_num; i++) {
    utf8_clean (status->crts[i].name, sizeof (status->crts[i].name));
    utf8_clean (status->crts[i].reason, sizeof (status->crts[i].reason));
  }
  utf8_clean (status->reason, sizeof (status->reason));
  return NULL;
}

MIR_ucrt_counters_t status_counters (const MIR_ucrt_status_t *status) {
  MIR_ucrt_counters_t sum = {0};
  for (unsigned i = 0; i < MIR_UCRT_STRIPES; i++) {
    sum.migrated += status->counters[i].migrated;
    sum.migrated_bytes += status->counters[i].migrated_bytes;
    sum.foreign_freed += status->counters[i].foreign_freed;
    sum.foreign_sized += status->counters[i].foreign_sized;
    sum.kept += status->counters[i].kept;
  }
  return sum;
}

unsigned status_functions_in (const MIR_ucrt_status_t *status, MIR_ucrt_function_state_t state) {
  unsigned n = 0;
  for (uint32_t i = 0; i < status->functions_num; i++)
    n += status->functions[i].state == (uint32_t) state;
  return n;
}

unsigned status_overwritten (const MIR_ucrt_status_t *status, const struct status_view *view) {
  unsigned n = 0;
  for (uint32_t i = 0; i < status->functions_num; i++)
    n += status->functions[i].state == MIR_UCRT_TAKEN && !view->intact[i];
  return n;
}

unsigned status_wrong (const MIR_ucrt_status_t *status) {
  unsigned n = 0;
  for (uint32_t i = 0; i < status->functions_num; i++)
    n += status->functions[i].test == MIR_UCRT_WRONG;
  return n;
}

int status_verdict (const MIR_ucrt_status_t *status, const struct status_view *view) {
  return status->state == MIR_UCRT_ACTIVE && status_functions_in (status, MIR_UCRT_TAKEN) > 0
                 && status_overwritten (status, view) == 0 && status_wrong (status) == 0
             ? PROCESS_TAKEN
             : PROCESS_NOT_TAKEN;
}

const char *status_state_name (uint32_t state) {
  static const char *const names[] = {
      [MIR_UCRT_STARTING] = "starting", [MIR_UCRT_ACTIVE] = "active",
      [MIR_UCRT_WAITING] = "waiting",   [MIR_UCRT_DISABLED] = "disabled",
      [MIR_UCRT_REFUSED] = "refused",   [MIR_UCRT_FAILED] = "failed"};
  return state < sizeof (names) / sizeof (*names) ? names[state] : "unknown";
}
