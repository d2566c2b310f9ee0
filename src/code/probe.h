/* Which back ends work on this system, found out by running code in their memory.  Any thread.  */
#ifndef MIR_CODE_PROBE_H
#define MIR_CODE_PROBE_H

#include "mir-code.h"
#include "code/backend.h"

/* The first of mir_backends in the mask ALLOWED (0: all but MIR_CODE_RWX) that has LEVEL and works:
   code runs in its memory, is changed and runs changed.  Else the fallback; else NULL.  Each is tried
   anew, and its verdict remembered.  REPORT, if not NULL, gets the verdicts.  errno or GetLastError () stays as it was.  */
const struct mir_backend *mir_backend_probe (unsigned allowed, MIR_code_protection_t level,
                                             MIR_code_report_t *report);
/* MIR_CODE_OK if REPORT names a back end; else a limit, if one was in the way of any, or
   MIR_CODE_NO_BACKEND.  */
MIR_code_status_t mir_probe_status (const MIR_code_report_t *report);

/* As mir_backend_probe, but a back end is not tried again whose verdict is remembered; *STATUS is
   that of mir_probe_status.  A verdict is remembered in this process until mir_backend_forget, not
   in its children; a refusal only if its cause is lasting (mir_os_is_lasting).  Lock-free while all
   verdicts are known.  */
const struct mir_backend *mir_backend_choose (unsigned allowed, MIR_code_protection_t level,
                                              MIR_code_status_t *status);
/* BACKEND->large if it works here, else NULL.  Remembered in the same way.  */
const struct mir_backend *mir_backend_large (const struct mir_backend *backend);
/* Forget all verdicts: what the system allows has changed.  */
void mir_backend_forget (void);

#endif /* MIR_CODE_PROBE_H */
