#include "ucrt/locks.h"

BOOLEAN NTAPI RtlDllShutdownInProgress (void);

/* Set once the process ends; from then on there is one thread.  */
static volatile int alone;

int ucrt_is_alone (void) {
  if (!alone && RtlDllShutdownInProgress ()) alone = 1;
  return alone;
}

/* ExitProcess kills the other threads first and then has the DLLs detached.  One of those threads
   may have held the lock: nobody will release it, and nobody can be in the way.  What it left half
   done is a list whose head is valid, or memory which nobody uses.  */
void ucrt_lock_acquire (SRWLOCK *lock) {
  if (alone || TryAcquireSRWLockExclusive (lock)) return;
  if (!ucrt_is_alone ()) AcquireSRWLockExclusive (lock);
}

/* A lock which was not taken because we are alone, and one that was, are both of no use any more.
 */
void ucrt_lock_release (SRWLOCK *lock) {
  if (!alone) ReleaseSRWLockExclusive (lock);
}
