/* The status of mir-ucrt.dll (mir-ucrt.h) as bytes from another process: judged, and told.

   Nothing in the bytes is trusted: the process may be hostile, the DLL another version, and the
   numbers move while they are read.  status_accept makes a copy in which every count is in range,
   every text ends and has no control characters; the other functions take such a copy only.  */

#ifndef MIR_INJECT_PROCESS_STATUS_H
#define MIR_INJECT_PROCESS_STATUS_H

#include <stddef.h> /* size_t */
#include <stdint.h>
#include <stdio.h> /* FILE */
#include "mir-ucrt.h"

/* What the reader found out himself, beside the status.  */
struct status_view {
  uint32_t process;
  const char *dll; /* the file of the loaded DLL */
  uint64_t base;   /* where it is */
  uint8_t
      intact[MIR_UCRT_FUNCTIONS_MAX]; /* of each TAKEN function: its entry leads into the DLL now */
  uint32_t copies;                    /* how many such DLLs are in the process */
};

/* Copy the SIZE bytes at FROM to STATUS if they are a status of the version we know.  NULL, or in a
   phrase what is wrong with them.  */
const char *status_accept (MIR_ucrt_status_t *status, const void *from, size_t size);

/* Sums over the stripes; they wrap as the counters do.  */
MIR_ucrt_counters_t status_counters (const MIR_ucrt_status_t *status);

/* How many functions are in STATE.  */
unsigned status_functions_in (const MIR_ucrt_status_t *status, MIR_ucrt_function_state_t state);

/* How many taken functions VIEW found to lead elsewhere, or the DLL's own tests found wrong.  */
unsigned status_overwritten (const MIR_ucrt_status_t *status, const struct status_view *view);
unsigned status_wrong (const MIR_ucrt_status_t *status);

/* The exit status of `check`: PROCESS_TAKEN or PROCESS_NOT_TAKEN (process.h).  */
int status_verdict (const MIR_ucrt_status_t *status, const struct status_view *view);

/* "active", "waiting for a C runtime", …  */
const char *status_state_name (uint32_t state);

/* For people; with ALL a line for every function, else for those that have something to say.  */
void status_print (FILE *out, const MIR_ucrt_status_t *status, const struct status_view *view,
                   int all);

/* One object, with everything.  64-bit addresses are strings "0x…": JSON's numbers end at 2^53.  */
void status_print_json (FILE *out, const MIR_ucrt_status_t *status, const struct status_view *view);

#endif
