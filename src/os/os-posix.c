/* POSIX: errors, page size, clocks, locks and forks.  */
#define _GNU_SOURCE /* clock_gettime */
#include "os/os.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

int mir_os_error (void) {
  return errno;
}

void mir_os_set_error (int error) {
  errno = error;
}

size_t mir_os_page_size (void) {
  return (size_t) sysconf (_SC_PAGESIZE);
}

uint64_t mir_os_now (void) {
  return mir_os_nanoseconds () / 1000000;
}

uint64_t mir_os_nanoseconds (void) {
  struct timespec now = {0, 0};
  (void) clock_gettime (CLOCK_MONOTONIC, &now); /* fails only for a clock that does not exist */
  return (uint64_t) now.tv_sec * 1000000000 + (uint64_t) now.tv_nsec;
}

long mir_os_process (void) {
  return (long) getpid ();
}

/* A pthread_t is a number or a pointer wherever this library runs, and never 0.  */
uintptr_t mir_os_thread (void) {
  return (uintptr_t) pthread_self ();
}

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

void mir_os_unlock (mir_os_lock_t *lock) {
  pthread_mutex_unlock (lock);
}

int mir_os_at_fork (void (*before) (void), void (*in_parent) (void), void (*in_child) (void)) {
  return pthread_atfork (before, in_parent, in_child) == 0 ? 0 : -1;
}
