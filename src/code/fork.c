/* The registry of spaces, whose locks a fork takes, and the generation of pages, which a fork ends.

   Shared memory stays shared between parent and child: a process which writes to pages of an older
   generation first takes memory of its own (make_private).  A fork waits for all locks, so that no
   lock in the child belongs to a thread which only the parent has.  */
#include "code/fork.h"

#include <stdatomic.h>

#include "code/types.h"

static mir_os_lock_t registry_lock = MIR_OS_LOCK_INITIALIZER; /* taken before all others */
static struct MIR_code_space *registry; /* a list of all spaces; guarded by registry_lock */
static int watching;                    /* the handlers are registered; guarded by the same lock */
atomic_uint mir_fork_generation;        /* any thread */

/* Before a fork, in the thread that forks: every lock, in the order that types.h demands.  */
static void lock_spaces (void) {
  mir_os_lock (&registry_lock);
  for (struct MIR_code_space *space = registry; space != NULL; space = space->next) {
    for (struct mir_pool *pool = &space->first; pool != NULL; pool = mir_pool_next (pool))
      mir_os_lock (&pool->lock);
    mir_os_lock (&space->lock);
  }
}

/* After it, in the parent and in the child.  */
static void unlock_spaces (void) {
  atomic_fetch_add (&mir_fork_generation, 1);
  for (struct MIR_code_space *space = registry; space != NULL; space = space->next) {
    mir_os_unlock (&space->lock);
    for (struct mir_pool *pool = &space->first; pool != NULL; pool = mir_pool_next (pool))
      mir_os_unlock (&pool->lock);
  }
  mir_os_unlock (&registry_lock);
}

int mir_count_forks (void) {
  mir_os_lock (&registry_lock);
  if (!watching) watching = mir_os_at_fork (lock_spaces, unlock_spaces) == 0;
  int counted = watching;
  mir_os_unlock (&registry_lock);
  return counted ? 0 : -1;
}

MIR_code_status_t mir_watch_forks (struct MIR_code_space *space) {
  if (mir_count_forks () != 0) return MIR_CODE_NO_MEMORY;
  mir_os_lock (&registry_lock);
  space->previous = NULL;
  space->next = registry;
  if (registry != NULL) registry->previous = space;
  registry = space;
  mir_os_unlock (&registry_lock);
  return MIR_CODE_OK;
}

void mir_unwatch_forks (struct MIR_code_space *space) {
  mir_os_lock (&registry_lock);
  if (space->previous != NULL)
    space->previous->next = space->next;
  else if (registry == space)
    registry = space->next;
  if (space->next != NULL) space->next->previous = space->previous;
  mir_os_unlock (&registry_lock);
}

void mir_watch_pool (struct mir_pool *pool) {
  struct mir_pool *last = &pool->space->first;
  mir_os_lock (&registry_lock);
  while (mir_pool_next (last) != NULL) last = mir_pool_next (last);
  atomic_store_explicit (&last->next, pool, memory_order_release);
  mir_os_unlock (&registry_lock);
}
