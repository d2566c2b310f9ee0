/* POSIX: locks.  */
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include "os/os.h"

#include <pthread.h>
#include <time.h>

#include "os/cancel.h"

int mir_os_lock_init (mir_os_lock_t *lock) {
  return pthread_mutex_init (lock, NULL) == 0 ? 0 : -1;
}

void mir_os_lock_destroy (mir_os_lock_t *lock) {
  pthread_mutex_destroy (lock);
}

/* Locking cannot fail: the mutex is initialised, of the default type, and not held by the caller
   (POSIX.1-2017, pthread_mutex_lock, Errors).  */
void mir_os_lock (mir_os_lock_t *lock) {
  pthread_mutex_lock (lock);
}

int mir_os_try_lock (mir_os_lock_t *lock) {
  return pthread_mutex_trylock (lock) == 0;
}

void mir_os_unlock (mir_os_lock_t *lock) {
  pthread_mutex_unlock (lock);
}

/* Not every system has pthread_mutex_timedlock.  */
int mir_os_lock_within (mir_os_lock_t *lock, unsigned milliseconds) {
  static const struct timespec pause = {.tv_nsec = 50 * 1000};
  uint64_t until = mir_os_now () + milliseconds;
  while (!mir_os_try_lock (lock)) {
    if (mir_os_now () >= until) return 0;
    int held = mir_os_hold_cancel ();
    (void) nanosleep (&pause, NULL);
    mir_os_let_cancel (held);
  }
  return 1;
}
