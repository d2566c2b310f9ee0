/* What the programs that test mir-ucrt.dll share: loading it late, and reading its status.

   A program is linked twice: with first.c the DLL comes first in its import table; without it the
   program does not refer to the DLL. run.sh runs it and sets the environment.

   The other files of this folder:
     calls*       a table of calls, whose text is the same with and without the DLL
     first        puts the DLL first into the import table
     stress*      blocks that threads make, move and free while the DLL comes
     test-*.c     a program that checks itself, run with the DLL first and late
     other .c     a program that test-NAME.sh runs and judges
     get-*, in-*  the C runtimes that the tests run on: Microsoft's, and Wine's for x86
     fake/        C runtimes made for the take-over, with hooks that only count
     patch/       the encoders of jumps, tested on any CPU
     least/       the DLL built without exact sizes  */

#ifndef MIR_TESTS_UCRT_FIXTURE_H
#define MIR_TESTS_UCRT_FIXTURE_H

#include "mir-ucrt.h"

/* Load the DLL at the path in the environment variable TEST_LATE, if that is set.  0, or -1 with
   the reason on standard error.  */
int fixture_load_late (void);

/* The status of the DLL; NULL if it is not loaded.  */
const MIR_ucrt_status_t *fixture_status (void);
/* MIR_ucrt_check; -2 if the DLL is not loaded.  */
int fixture_check (void);
/* Whether P is in a heap of the DLL, by mimalloc's own answer; -1 if the DLL is not loaded.  */
int fixture_is_ours (const void *p);

/* The sum over all stripes of the counter at OFFSET in MIR_ucrt_counters_t; 0 if the DLL is not
   loaded.  */
uint64_t fixture_counter (size_t offset);

/* Whether the test runs with the DLL in any way: the variable TEST_MODE is not "none".  */
int fixture_expects_dll (void);

/* "starting", "active", ...  */
const char *fixture_state_name (uint32_t state);

#endif /* MIR_TESTS_UCRT_FIXTURE_H */
