/* Test calls through a CRT's own entries, right after the take-over and for MIR_ucrt_check.  */

#ifndef MIR_UCRT_SELF_TEST_H
#define MIR_UCRT_SELF_TEST_H

#include "ucrt/crt-calls.h"

/* Call each function of CRT that was just taken over once; results go to the status, CALLS stays
   as it is.  The calls do not leave our own code, so they are allowed under the loader lock and
   before the CRT is initialised; _heapmin, which also works on the CRT's heap, is left to
   MIR_ucrt_check.  */
void ucrt_check_taken (const struct ucrt_crt *crt);

#endif
