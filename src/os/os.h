/* What the library asks of the operating system: a file per system implements it, and what makes
   new code visible a file per CPU.

   Any thread may call any of these; none of them allocates.  */
#ifndef MIR_OS_OS_H
#define MIR_OS_OS_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint64_t */

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

/* Why the last call that was refused in this thread was: errno, or GetLastError ().  */
int mir_os_error (void);
void mir_os_set_error (int error);

/* Bytes; a power of two.  */
size_t mir_os_page_size (void);

/* Make code written to [START, BOUND) what is fetched for execution from then on.  */
void mir_os_clean_icache (void *start, void *bound);
/* Make every core that runs a thread of this process drop the instructions it has prefetched before
   it executes another one, and see all stores made before.  Where the CPU does not prefetch across
   such stores by itself this is needed once after a number of cleanings.  The first call in a
   process of several threads may take some 10 ms (Linux: membarrier(2) registers it).  */
void mir_os_sync_cores (void);
/* The same for code at addresses which were never executed before: nothing on CPUs which cannot
   have prefetched that.  */
void mir_os_sync_cores_for_new (void);

/* Take LEN bytes of address space, whole pages, without access and without memory, for the back
   ends to map in; if NEAR_ADDR is not NULL so that no byte of it is REACH or more bytes from
   NEAR_ADDR.  NULL if there is no such range.  */
void *mir_os_reserve (size_t len, const void *near_addr, size_t reach);
/* All of a range, and the data in it; what back ends have mapped there is unmapped before.  */
void mir_os_unreserve (void *start, size_t len);
/* Let [START, START + LEN), whole pages in a reserved range, be readable and writable data, zeroed.
   0, or -1.  */
int mir_os_commit_data (void *start, size_t len);

/* Milliseconds, and nanoseconds, of a clock that never goes back.  */
uint64_t mir_os_now (void);
uint64_t mir_os_nanoseconds (void);
/* The number of this process.  */
long mir_os_process (void);

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

#endif /* MIR_OS_OS_H */
