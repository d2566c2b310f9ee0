/* The status: a section of the image, which other processes read at any time.  Any thread reads it;
   it changes under the locks of plan.h, and its counters atomically.  */

#ifndef MIR_UCRT_STATUS_SECTION_H
#define MIR_UCRT_STATUS_SECTION_H

#include <stddef.h> /* size_t */

#include "mir-ucrt.h"

extern MIR_ucrt_status_t ucrt_status;

/* Complete the status once the options are read; MAGIC is written last.  */
void ucrt_status_init (void);

/* Set the DLL's state with its REASON, one line.  */
void ucrt_set_state (MIR_ucrt_state_t state, const char *reason);

/* The stripe of this thread; add to it with relaxed atomics.  */
MIR_ucrt_counters_t *ucrt_counters (void);

/* Count a foreign block of SIZE bytes that was moved to our heap.  */
void ucrt_count_migrated (size_t size);

#endif
