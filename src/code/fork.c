/* The registry of spaces, whose locks a fork takes, and the generation of pages, which a fork ends.

   Shared memory stays shared between parent and child: a process which writes to pages of an older
   generation first takes memory of its own (make_private).  A fork waits for all locks, so that no
   lock in the child belongs to a thread which only the parent has, and all that locks guard is
   whole.  What such a thread was doing with no lock held is noted where locks guard it: slabs in
   transit become orphans, which the child unmaps when it maps, trims or ends (mir_slab_adopt), and
   a block whose `freed` hook was running waits for the child's next MIR_code_reclaim.  Hooks that
   were running are not called again: in the child they have returned.  What the back end had mapped
   so far, and memory from the general allocator that was in no list yet, is lost to the child as it
   is to any program which forks between a malloc and the use of its result.  */
#include "code/fork.h"

#include <stdatomic.h>

#include "code/types.h"
#include "heap/forks.h"

static mir_os_lock_t registry_lock = MIR_OS_LOCK_INITIALIZER; /* taken before all others */
static struct MIR_code_space *registry; /* a list of all spaces; guarded by registry_lock */
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

/* After it, in the parent; the child has more to do.  */
static void unlock_spaces (void) {
  atomic_fetch_add (&mir_fork_generation, 1);
  for (struct MIR_code_space *space = registry; space != NULL; space = space->next) {
    mir_os_unlock (&space->lock);
    for (struct mir_pool *pool = &space->first; pool != NULL; pool = mir_pool_next (pool))
      mir_os_unlock (&pool->lock);
  }
  mir_os_unlock (&registry_lock);
}

/*---------------- In a child -----------------------------*/

/* What threads were doing which this process does not have.  The locks are held, and nothing here
   calls the system or the user: other handlers may not have run yet.  */

/* Make the slabs in transit orphans.  What the back end was mapping or unmapping is not counted any
   more.  */
static void orphan_slabs (struct MIR_code_space *space) {
  for (struct mir_slab *slab = space->transit; slab != NULL; slab = slab->transit.next) {
    struct mir_transit *transit = &slab->transit;
    if (transit->thread == mir_os_thread ()) continue; /* a hook or an allocator has forked */
    transit->thread = 0;
    if (transit->state != MIR_PARTLY_MAPPED) continue;
    mir_space_account (space)->mapped_bytes -= transit->counted;
    transit->counted = 0;
  }
}

/* Retire the blocks whose `freed` hook was being called, for the end of any grace period; they are
   poisoned already.  There is room for them: the ring has room for every block of the pool.  */
static void retire_blocks (struct mir_pool *pool) {
  struct mir_notice **link = &pool->notices, *notice;
  int is_part = pool->space->owner != pool->space; /* its objects are retired instead */
  while ((notice = *link) != NULL) {
    struct mir_directory_find found;
    if (notice->thread == mir_os_thread ()
        || mir_directory_find (&pool->space->directory, (uintptr_t) notice->addr, &found) != 0) {
      link = &notice->next;
      continue;
    }
    *link = notice->next;
    if (is_part) continue;
    size_t offset = (size_t) (notice->addr - found.slab->pages.rx);
    pool->freed_granules +=
        mir_granules_block_len (&found.slab->granules, (uint32_t) (offset >> found.slab->shift));
    mir_retired_add (&pool->retired, notice->addr + MIR_RETIRED_TOLD, 0 /* the first period */);
  }
}

/* Retire the objects that were being freed, for the end of any grace period; what was freed of them
   already is in their records no more.  Those that were being reserved are for the next thread that
   reserves one to drop.  */
static void retire_objects (struct mir_objects *objects) {
  struct mir_ending **link = &objects->ending, *ending;
  while ((ending = *link) != NULL) {
    if (ending->thread == mir_os_thread ()) {
      link = &ending->next;
      continue;
    }
    *link = ending->next;
    uint32_t transient = mir_objects_find (objects, ending->handle)->next;
    mir_objects_put_back (objects, ending->handle);
    if (transient != 0) mir_objects_put_back (objects, transient);
  }
  for (struct mir_making *making = objects->making; making != NULL; making = making->next)
    if (making->thread != mir_os_thread ()) making->thread = 0;
}

static void unlock_spaces_in_child (void) {
  for (struct MIR_code_space *space = registry; space != NULL; space = space->next) {
    for (struct mir_pool *pool = &space->first; pool != NULL; pool = mir_pool_next (pool))
      retire_blocks (pool);
    retire_objects (&space->objects);
    orphan_slabs (space);
  }
  unlock_spaces ();
}

/*---------------- The registry -----------------------------*/

/* With all locks of allocators: one may call a space, for example to trim it when memory is short,
   while a space calls none with a lock held.  */
static struct mir_fork_steps space_steps = {
    .before = lock_spaces,
    .in_parent = unlock_spaces,
    .in_child = unlock_spaces_in_child,
};

int mir_count_forks (void) {
  return mir_forks_add (&space_steps);
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
