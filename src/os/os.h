/* What the library asks of the operating system beside memory: one file per system implements it,
   and mir_os_flush_icache one per CPU where that differs.

   Any thread may call any of these; none of them allocates.  */
#ifndef MIR_OS_H
#define MIR_OS_H

#include <stddef.h> /* size_t */

#ifdef _WIN32
typedef struct {
  void *srw; /* an SRWLOCK, which is one pointer, without windows.h */
} mir_os_lock_t;
#define MIR_OS_LOCK_INITIALIZER \
  { NULL }
#else
#include <pthread.h>
typedef pthread_mutex_t mir_os_lock_t;
#define MIR_OS_LOCK_INITIALIZER PTHREAD_MUTEX_INITIALIZER
#endif

/* Bytes; a power of two.  */
size_t mir_os_page_size (void);

/* Make code written to [START, BOUND) what every thread of the process executes there: also a
   thread which is running meanwhile, prefetches, and then learns the address from the caller.  */
void mir_os_flush_icache (void *start, void *bound);

/* 0, or -1 when the system has no resources for a lock.  */
int mir_os_lock_init (mir_os_lock_t *lock);
/* Nobody may hold it.  */
void mir_os_lock_destroy (mir_os_lock_t *lock);
/* Not recursive.  */
void mir_os_lock (mir_os_lock_t *lock);
void mir_os_unlock (mir_os_lock_t *lock);

/* From now on call BEFORE in the thread that forks, and AFTER in it and in the child.  0, or -1
   without memory for it.  */
int mir_os_at_fork (void (*before) (void), void (*after) (void));

#endif /* MIR_OS_H */
