/* Sets the DLL's state in the status, from the states of the CRTs.  One thread at a time: under the
   locks of plan.h.  */

#ifndef MIR_UCRT_HEALTH_H
#define MIR_UCRT_HEALTH_H

/* Set the DLL's state and its reason.  */
void ucrt_update_state (void);

/* As ucrt_update_state, then log the state if the options say so.  */
void ucrt_report_state (void);

/* There was no entry for the CRT of that NAME, because all are in use by others; "": there is room
   again.  ucrt_update_state then says so.  */
void ucrt_set_left_out (const char *name);

/* The CRT of that NAME is loaded, but not one of those to take over; "": none is.
   ucrt_update_state says so while there is nothing to take over.  */
void ucrt_set_passed_over (const char *name);

#endif
