/* A lock of one word, taken and left inline; only a contended one needs the kernel (futex(2)).

   state   0: free; 1: held; 2: held, and others may be waiting

   While the process has one thread no atomic instruction is needed (__libc_single_threaded of
   glibc).  */
#ifndef MIR_OS_LOCK_LINUX_H
#define MIR_OS_LOCK_LINUX_H

#include <stdatomic.h>
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define MIR_OS_ONE_THREAD __libc_single_threaded
#else
#define MIR_OS_ONE_THREAD 0
#endif

typedef struct {
  atomic_int state;
} mir_os_lock_t;
#define MIR_OS_LOCK_INITIALIZER {0}

/* Take LOCK if it is free; whether this thread has it now.  */
static inline int mir_os_try_lock (mir_os_lock_t *lock) {
  int state = 0;
  return atomic_compare_exchange_strong_explicit (&lock->state, &state, 1, memory_order_acquire,
                                                  memory_order_relaxed);
}

/* Take a lock that is held, or was a moment ago; wake one waiting thread.  */
void mir_os_lock_wait (mir_os_lock_t *lock);
void mir_os_lock_wake (mir_os_lock_t *lock);

static inline void mir_os_lock (mir_os_lock_t *lock) {
  int state = 0;
  if (MIR_OS_ONE_THREAD && atomic_load_explicit (&lock->state, memory_order_relaxed) == 0)
    atomic_store_explicit (&lock->state, 1, memory_order_relaxed);
  else if (!atomic_compare_exchange_strong_explicit (&lock->state, &state, 1, memory_order_acquire,
                                                     memory_order_relaxed))
    mir_os_lock_wait (lock);
}

static inline void mir_os_unlock (mir_os_lock_t *lock) {
  if (MIR_OS_ONE_THREAD && atomic_load_explicit (&lock->state, memory_order_relaxed) == 1)
    atomic_store_explicit (&lock->state, 0, memory_order_relaxed);
  else if (atomic_exchange_explicit (&lock->state, 0, memory_order_release) != 1)
    mir_os_lock_wake (lock);
}

#endif /* MIR_OS_LOCK_LINUX_H */
