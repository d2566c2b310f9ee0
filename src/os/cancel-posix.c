/* Holding cancellation off with POSIX threads.  */
#include "os/cancel.h"

#include <pthread.h>

/* Neither call can fail: both states are valid (POSIX.1-2017, pthread_setcancelstate, Errors).  */

int mir_os_hold_cancel (void) {
  int state;
  (void) pthread_setcancelstate (PTHREAD_CANCEL_DISABLE, &state);
  return state;
}

void mir_os_let_cancel (int held) {
  int state; /* not NULL, which POSIX does not allow */
  (void) pthread_setcancelstate (held, &state);
}
