/* Systems without fork: nothing is watched.  */
#include "heap/forks.h"

int mir_forks_watch (struct mir_watched *watched, mir_os_lock_t *lock) {
  watched->lock = lock;
  atomic_init (&watched->holder, 0);
  return 0;
}

int mir_forks_watch_static (struct mir_watched *watched, mir_os_lock_t *lock) {
  (void) watched, (void) lock;
  return 0;
}

void mir_forks_unwatch (struct mir_watched *watched) {
  (void) watched;
}

void mir_forks_hold_off (void) {}

void mir_forks_let (void) {}

int mir_forks_add (struct mir_fork_steps *steps) {
  (void) steps;
  return 0;
}

unsigned mir_forks_count (void) {
  return 0;
}
