/* The status: a section of the image, which other processes read.  */

#include "ucrt/status-section.h"

#include <windows.h>
#include <mimalloc.h> /* MI_MALLOC_VERSION */

#include "ucrt/block-size.h"
#include "ucrt/environment.h"
#include "ucrt/log.h"

/* Initialised, so that the file contains the section; the section contains nothing else.  */
__attribute__ ((section (MIR_UCRT_STATUS_SECTION), used)) MIR_ucrt_status_t ucrt_status = {
    .version = MIR_UCRT_STATUS_VERSION,
    .size = sizeof (MIR_ucrt_status_t),
    .state = MIR_UCRT_STARTING,
    .bits = sizeof (void *) * 8,
    .mimalloc_version = MI_MALLOC_VERSION,
    .exact = MIR_UCRT_EXACT_SIZE,
};

void ucrt_status_init (void) {
  ucrt_status.process = GetCurrentProcessId ();
  ucrt_status.counting = ucrt_options.counting != 0;
  __atomic_store_n (&ucrt_status.magic, MIR_UCRT_STATUS_MAGIC, __ATOMIC_RELEASE);
}

void ucrt_set_state (MIR_ucrt_state_t state, const char *reason) {
  ucrt_format (ucrt_status.reason, sizeof (ucrt_status.reason), "%s", reason);
  __atomic_store_n (&ucrt_status.state, (uint32_t) state, __ATOMIC_RELEASE);
}

/* Thread ids are multiples of 4.  */
MIR_ucrt_counters_t *ucrt_counters (void) {
  return &ucrt_status.counters[GetCurrentThreadId () / 4 % MIR_UCRT_STRIPES];
}

void ucrt_count_migrated (size_t size) {
  MIR_ucrt_counters_t *counters = ucrt_counters ();
  __atomic_fetch_add (&counters->migrated, 1, __ATOMIC_RELAXED);
  __atomic_fetch_add (&counters->migrated_bytes, size, __ATOMIC_RELAXED);
}
