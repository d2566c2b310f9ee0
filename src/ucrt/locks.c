/* mimalloc's locks, which open when the process ends.  */

#include "ucrt/locks.h"

BOOLEAN NTAPI RtlDllShutdownInProgress (void);

/* Set once the process ends; from then on there is one thread.  */
static volatile int alone;

int ucrt_is_alone (void) {
  if (!alone && RtlDllShutdownInProgress ()) alone = 1;
  return alone;
}

/* ExitProcess kills the other threads and then detaches the DLLs.  A killed thread may have held
   LOCK: nobody will release it, and nobody competes for it.  At worst that thread has left a list
   with a valid head, or memory that nobody uses.  */
void ucrt_lock_acquire (SRWLOCK *lock) {
  if (alone || TryAcquireSRWLockExclusive (lock)) return;
  if (!ucrt_is_alone ()) AcquireSRWLockExclusive (lock);
}

/* Once this thread is alone it no longer matters whether LOCK was taken.  */
void ucrt_lock_release (SRWLOCK *lock) {
  if (!alone) ReleaseSRWLockExclusive (lock);
}
