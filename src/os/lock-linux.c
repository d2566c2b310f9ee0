/* Linux: what a contended lock asks of the kernel.  None of it is a cancellation point.  */
#define _GNU_SOURCE /* syscall */
#include "os/os.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/kernel-linux.h"

enum { SPINS = 100 }; /* looks at the lock before a thread sleeps: most holders are done by then */

/* TIME: seconds and nanoseconds to wait at most, as this system call takes them, whose width is not
   that of struct timespec everywhere; NULL: for ever.  Make no change to errno: the callers' error
   stays that of their own call.  */
static void futex (mir_os_lock_t *lock, int operation, int value, const long time[2]) {
  int error = errno;
  (void) syscall (SYS_futex, &lock->state, operation, value, time, NULL, 0);
  errno = error;
}

void mir_os_lock_wait (mir_os_lock_t *lock) {
  for (int i = 0; i < SPINS; i++) {
    int state = 0;
    if (atomic_load_explicit (&lock->state, memory_order_relaxed) == 0
        && atomic_compare_exchange_strong_explicit (&lock->state, &state, 1, memory_order_acquire,
                                                    memory_order_relaxed))
      return;
  }
  while (atomic_exchange_explicit (&lock->state, 2, memory_order_acquire) != 0)
    futex (lock, MIR_FUTEX_WAIT, 2, NULL);
}

int mir_os_lock_within (mir_os_lock_t *lock, unsigned milliseconds) {
  uint64_t until = mir_os_now () + milliseconds;
  if (mir_os_try_lock (lock)) return 1;
  while (atomic_exchange_explicit (&lock->state, 2, memory_order_acquire) != 0) {
    uint64_t now = mir_os_now ();
    if (now >= until) return 0;
    long left = (long) (until - now), time[2] = {left / 1000, left % 1000 * 1000000};
    futex (lock, MIR_FUTEX_WAIT, 2, time);
  }
  return 1;
}

void mir_os_lock_wake (mir_os_lock_t *lock) {
  futex (lock, MIR_FUTEX_WAKE, 1, NULL);
}

int mir_os_lock_init (mir_os_lock_t *lock) {
  atomic_init (&lock->state, 0);
  return 0;
}

void mir_os_lock_destroy (mir_os_lock_t *lock) {
  (void) lock; /* a word owns nothing */
}
