/* A lock by POSIX threads.  */
#ifndef MIR_OS_LOCK_PTHREAD_H
#define MIR_OS_LOCK_PTHREAD_H

#include <pthread.h>

typedef pthread_mutex_t mir_os_lock_t;
#define MIR_OS_LOCK_INITIALIZER PTHREAD_MUTEX_INITIALIZER

void mir_os_lock (mir_os_lock_t *lock);
int mir_os_try_lock (mir_os_lock_t *lock); /* whether this thread has it now */
void mir_os_unlock (mir_os_lock_t *lock);

#endif /* MIR_OS_LOCK_PTHREAD_H */
