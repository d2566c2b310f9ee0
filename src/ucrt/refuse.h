/* Decides where a take-over would not be safe, and says why.  In DllMain or under the loader's
   locks: one thread at a time.  The texts are static.  */

#ifndef MIR_UCRT_REFUSE_H
#define MIR_UCRT_REFUSE_H

#include "ucrt/crt-calls.h"

/* NULL, or why nothing may be done in this process; one line.  */
const char *ucrt_refuse_process (void);

/* NULL, or why CRT must be left alone; one line.  */
const char *ucrt_refuse_crt (const struct ucrt_crt *crt);

#endif
