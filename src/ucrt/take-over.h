/* One CRT: all of its functions are taken over, or none.  */

#ifndef MIR_UCRT_TAKE_OVER_H
#define MIR_UCRT_TAKE_OVER_H

#include "ucrt/crt-calls.h"

/* Take all functions of CRT over, or none.  LATE: threads may be inside them.  Returns 0, or -1
   with the reason in the status.  One thread at a time: see plan.h.  */
int ucrt_take_over (struct ucrt_crt *crt, int late);

/* CRT was unmapped: release what was made for it.  Afterwards nothing looks at it any more.  */
void ucrt_forget (struct ucrt_crt *crt);

/* Look again at the first bytes of every function that is taken over, and set INTACT and TARGET of
   its status.  Any thread.  */
void ucrt_refresh_status (void);

/* Keep every CRT that is taken over mapped until ucrt_release_crts.  Returns 1, or 0 if that cannot
   be ensured, at the end of the process.  Any thread.  */
int ucrt_hold_crts (void);
void ucrt_release_crts (void);

#endif
