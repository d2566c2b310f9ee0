/* mimalloc's locks, which open when the process ends.  */

#ifndef MIR_UCRT_LOCKS_H
#define MIR_UCRT_LOCKS_H

#include <windows.h>

/* 1 if the process ends and this thread is the only one left.  The others were killed wherever they
   were: do not wait for anything that they held or had begun.  */
int ucrt_is_alone (void);

/* As the system's functions, which they replace in mimalloc's source, until this thread is alone;
   from then on they do nothing.  */
void ucrt_lock_acquire (SRWLOCK *lock);
void ucrt_lock_release (SRWLOCK *lock);

#endif
