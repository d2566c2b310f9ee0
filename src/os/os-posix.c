/* POSIX: errors, page size, clocks and forks.  */
#define _GNU_SOURCE /* clock_gettime */
#include "os/os.h"

#include <errno.h>
#include <pthread.h>
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

int mir_os_at_fork (void (*before) (void), void (*in_parent) (void), void (*in_child) (void)) {
  return pthread_atfork (before, in_parent, in_child) == 0 ? 0 : -1;
}
