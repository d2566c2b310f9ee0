#include "os.h"

#include <unistd.h>

size_t mir_os_page_size (void) {
  return (size_t) sysconf (_SC_PAGESIZE);
}

int mir_os_lock_init (mir_os_lock_t *lock) {
  return pthread_mutex_init (lock, NULL) == 0 ? 0 : -1;
}

void mir_os_lock_destroy (mir_os_lock_t *lock) {
  pthread_mutex_destroy (lock);
}

/* A default mutex which is initialised and not held by the caller cannot fail to lock
   (POSIX.1-2017, pthread_mutex_lock, Errors).  */
void mir_os_lock (mir_os_lock_t *lock) {
  pthread_mutex_lock (lock);
}

void mir_os_unlock (mir_os_lock_t *lock) {
  pthread_mutex_unlock (lock);
}

int mir_os_at_fork (void (*before) (void), void (*after) (void)) {
  return pthread_atfork (before, after, after) == 0 ? 0 : -1;
}
