/* What a fork does to code.  Shared memory stays shared between the two processes: whoever writes
   to it first afterwards takes memory of its own (make_private), told by a generation which every
   fork ends.  And no lock may be held by a thread that the child does not have.  */
#include <stdatomic.h>

#include "code/code.h"

static mir_os_lock_t registry_lock = MIR_OS_LOCK_INITIALIZER;
static struct mir_code *registry; /* all there are */
static int watching;
static atomic_uint generation;

static void before_fork (void) {
  mir_os_lock (&registry_lock);
  for (struct mir_code *code = registry; code != NULL; code = code->next) mir_os_lock (&code->lock);
}

/* In both processes.  */
static void after_fork (void) {
  atomic_fetch_add (&generation, 1);
  for (struct mir_code *code = registry; code != NULL; code = code->next)
    mir_os_unlock (&code->lock);
  mir_os_unlock (&registry_lock);
}

int mir_code_watch_forks (struct mir_code *code) {
  mir_os_lock (&registry_lock);
  if (!watching && mir_os_at_fork (before_fork, after_fork) != 0) {
    mir_os_unlock (&registry_lock);
    return -1;
  }
  watching = 1;
  code->previous = NULL;
  code->next = registry;
  if (registry != NULL) registry->previous = code;
  registry = code;
  mir_os_unlock (&registry_lock);
  return 0;
}

void mir_code_unwatch_forks (struct mir_code *code) {
  mir_os_lock (&registry_lock);
  if (code->previous != NULL)
    code->previous->next = code->next;
  else
    registry = code->next;
  if (code->next != NULL) code->next->previous = code->previous;
  mir_os_unlock (&registry_lock);
}

unsigned mir_code_generation (void) {
  return atomic_load (&generation);
}
