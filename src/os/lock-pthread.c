/* POSIX: locks.  */
#include "os/os.h"

#include <pthread.h>

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
