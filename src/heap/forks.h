/* The locks that a fork takes, so that no child finds one held by a thread which it does not have.

   watched   a lock that every fork takes while it is known here: the child gets it free, and what
             it guards whole
   call out  run what is not the lock's owner's with the lock held: the allocator below, a callback
             of the user's.  It may itself fork
   hold off  keep forks waiting during a call that takes another library's lock

   A fork takes what is watched in an order that is right for allocators over allocators: the newest
   first, because an allocator is newer than the one below it.  Where a program has another order (a
   callback that uses an allocator above, or creates one) the fork gives up after some milliseconds,
   lets the others go on, and tries again with the lock that it could not get in front.

   Handlers run in this order, the reverse of their registration: those that the program registers,
   these, mimalloc's (subprojects/packagefiles/mimalloc/fork-order.c).  So a program may allocate
   with a lock of its own held, which its own handlers take.

   Any thread, unless something else is said.  No function here is a cancellation point.  */
#ifndef MIR_HEAP_FORKS_H
#define MIR_HEAP_FORKS_H

#include <stdatomic.h>
#include <stdint.h>

#include "os/os.h"

/* A lock in the structure of its owner, who initialises and destroys LOCK itself.  The members but
   HOLDER are private to forks-posix.c.  */
struct mir_watched {
  mir_os_lock_t *lock; /* borrowed */
  /* The thread that calls out with the lock held; 0: none.  Only the owner stores to it, with the
     lock held: mir_forks_call_out and mir_forks_back.  */
  _Atomic uintptr_t holder;
  struct mir_watched *newer, *older;
  int taken; /* by the fork that is under way */
};

/* From now until mir_forks_unwatch each fork takes LOCK.  *WATCHED needs no initialisation; both
   stay where they are.  0, or -1 if the system has no memory for fork handlers: then nothing is
   watched.  May be called while other watched locks are held, but not with LOCK held.  */
int mir_forks_watch (struct mir_watched *watched, mir_os_lock_t *lock);
/* As mir_forks_watch for a lock and a zeroed *WATCHED that are static and watched for ever; a
   second call does nothing.  */
int mir_forks_watch_static (struct mir_watched *watched, mir_os_lock_t *lock);
/* Must be called before LOCK is destroyed and before the memory of either is freed.  No thread may
   hold LOCK.  */
void mir_forks_unwatch (struct mir_watched *watched);

/* Around a call of what is not the lock's owner's, with the lock held.  A fork in it leaves the
   lock to this thread, in the parent and in the child.  */
static inline void mir_forks_call_out (struct mir_watched *watched) {
  atomic_store_explicit (&watched->holder, mir_os_thread (), memory_order_relaxed);
}
static inline void mir_forks_back (struct mir_watched *watched) {
  atomic_store_explicit (&watched->holder, 0, memory_order_relaxed);
}

/* Around a call that takes locks of another library, which has no fork handlers: a fork waits until
   no thread is in one.  libgcc before GCC 13 has one lock for all that unwind once frames of
   generated code are registered.  No watched lock may be taken in between; nests not.  */
void mir_forks_hold_off (void);
void mir_forks_let (void);

/* What else a fork does, after it took all watched locks and before it leaves them.  Static; added
   once, never removed.  The functions may wait for locks of their own, under which nothing watched
   is used.  */
struct mir_fork_steps {
  void (*before) (void), (*in_parent) (void), (*in_child) (void);
  struct mir_fork_steps *next; /* these two are private to forks-posix.c */
  int added;
};

/* From now on forks do STEPS; a second call does nothing.  0, or -1 as mir_forks_watch.  */
int mir_forks_add (struct mir_fork_steps *steps);

/* Forks so far, modulo 2^32, in this process and its ancestors; counted once mir_forks_watch or
   mir_forks_add has succeeded.  Does not change while a watched lock is held.  */
unsigned mir_forks_count (void);

#endif /* MIR_HEAP_FORKS_H */
