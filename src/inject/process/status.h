/* Validates and prints the status of mir-ucrt.dll (mir-ucrt.h) that was read from the target.

   The bytes are not trusted: the target may be hostile, the DLL another version, and counters
   change while they are read.  status_accept makes a copy in which counts are in range, and texts
   end and have no control characters.  All other functions take only such a copy.  Any thread.  */

#ifndef MIR_INJECT_PROCESS_STATUS_H
#define MIR_INJECT_PROCESS_STATUS_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include <stdio.h> /* FILE */

#include "mir-ucrt.h"

/* What mir-inject found out in addition to the status.  */
struct status_view {
  uint32_t process; /* its id */
  const char *dll;  /* path of the loaded DLL */
  uint64_t base;    /* address of its image */
  /* For each TAKEN function: whether its entry leads to the DLL now.  */
  uint8_t intact[MIR_UCRT_FUNCTIONS_MAX];
  uint32_t copies; /* how many images in the process have a status */
};

/* What is wrong with the status of a DLL that is mapped but has not begun to run.  */
extern const char status_not_begun[];

/* Copy the SIZE bytes at FROM to STATUS if they are a valid status of the supported version.  NULL,
   or what is wrong with them: status_not_begun, or another static text.  */
const char *status_accept (MIR_ucrt_status_t *status, const void *from, size_t size);

/* The counters summed over all stripes; the sums wrap as the counters do.  */
MIR_ucrt_counters_t status_counters (const MIR_ucrt_status_t *status);

/* The number of functions in STATE.  */
unsigned status_functions_in (const MIR_ucrt_status_t *status, MIR_ucrt_function_state_t state);

/* The number of taken functions that no longer lead to the DLL, and of those that failed the tests
   of the DLL.  */
unsigned status_overwritten (const MIR_ucrt_status_t *status, const struct status_view *view);
unsigned status_wrong (const MIR_ucrt_status_t *status);

/* The exit status of `check`: PROCESS_TAKEN or PROCESS_NOT_TAKEN (process.h).  */
int status_verdict (const MIR_ucrt_status_t *status, const struct status_view *view);

/* "starting", "active", "waiting", "disabled", "refused", "failed" or "unknown".  */
const char *status_state_name (uint32_t state);

/* Print as text; with ALL a line for every function, otherwise for functions that are overwritten
   or wrong.  */
void status_print (FILE *out, const MIR_ucrt_status_t *status, const struct status_view *view,
                   int all);

/* Print everything as a JSON object.  Addresses are strings, "0x...": numbers of JSON end at
   2^53.  */
void status_print_json (FILE *out, const MIR_ucrt_status_t *status, const struct status_view *view);

#endif
