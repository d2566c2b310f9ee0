/* What the programs which test mir-ucrt.dll share: loading it late, and reading what it says of
   itself.

   A program is linked twice: with first.c the DLL comes first in its import table, without it the
   program does not know of it.  Run by run.sh, which sets the environment.  */

#ifndef FIXTURE_H
#define FIXTURE_H

#include "mir-ucrt.h"

/* Load the DLL whose path the environment variable TEST_LATE has, unless there is none.  0, or -1
   and why on standard error.  */
int fixture_load_late (void);

/* What the DLL says of itself; NULL if it is not loaded.  */
const MIR_ucrt_status_t *fixture_status (void);
/* MIR_ucrt_check; -2 if the DLL is not loaded.  */
int fixture_check (void);
/* mimalloc's own answer whether P is in a heap of the DLL's; -1 if the DLL is not loaded.  */
int fixture_is_ours (const void *p);

/* The sum of the counter at OFFSET of MIR_ucrt_counters_t over all stripes; 0 if the DLL is not
 * loaded.  */
uint64_t fixture_counter (size_t offset);

/* Whether the test runs with the DLL, by whichever way: the variable TEST_MODE is not "none".  */
int fixture_expects_dll (void);

/* "starting", "active", ...  */
const char *fixture_state_name (uint32_t state);

#endif /* FIXTURE_H */
