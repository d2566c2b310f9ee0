/* Which back ends work on this system, found out by running code in their memory.  Any thread.  */
#ifndef MIR_CODE_PROBE_H
#define MIR_CODE_PROBE_H

#include "mir-code.h"
#include "code/backend.h"

/* The first of mir_backends in the mask ALLOWED (0: all but MIR_CODE_RWX) that has LEVEL and works:
   code runs in its memory, is changed and runs changed.  Else the fallback; else NULL.  REPORT, if
   not NULL, gets the verdicts.  errno or GetLastError () stays as it was.  */
const struct mir_backend *mir_backend_probe (unsigned allowed, MIR_code_protection_t level,
                                             MIR_code_report_t *report);
/* mir_backend_probe with ALLOWED 0 and MIR_CODE_OPEN_ALIAS.  A back end that works is cached until
   mir_backend_forget.  Lock-free.  */
const struct mir_backend *mir_backend_default (void);
/* BACKEND->large if it works here, else NULL.  Either answer is cached until
   mir_backend_forget.  */
const struct mir_backend *mir_backend_large (const struct mir_backend *backend);
/* Forget what is cached: for tests that change what the system allows.  */
void mir_backend_forget (void);

#endif /* MIR_CODE_PROBE_H */
