/* POSIX: the registry of watched locks, and the fork handlers of the library.

   A fork holds FORKS_LOCK and all watched locks from `before_fork` on.  It takes them by trying, never
   by waiting: a thread that holds one of them may wait for FORKS_LOCK (a callback creates an
   allocator), or for another that the fork has already.  Then the fork leaves them all for a moment.
   Trying is fair enough: whoever has a lock of an allocator is soon done with it.  */
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include "heap/forks.h"

#include <sched.h>
#include <time.h>

#include "os/cancel.h"

enum {
  YIELDS = 200,        /* tries before a fork sleeps between them */
  PATIENCE = 10,       /* milliseconds for one lock before all are left */
  CALLBACK_ROUNDS = 50 /* rounds after which a fork in a callback goes on without some locks */
};

static mir_os_lock_t forks_lock = MIR_OS_LOCK_INITIALIZER; /* guards everything below */
static struct mir_watched *newest_watched;                 /* a list, in the order of taking */
static struct mir_fork_steps *all_steps;                   /* the one added last first */
static int handling;                                       /* the handlers are registered */
static int forks_held; /* cancellation, by the thread that forks */
static unsigned forks_count;

/*---------------- The list -----------------------------*/

static void put_first (struct mir_watched *watched) {
  watched->newer = NULL;
  watched->older = newest_watched;
  if (newest_watched != NULL) newest_watched->newer = watched;
  newest_watched = watched;
}

static void take_out (struct mir_watched *watched) {
  if (watched->newer != NULL)
    watched->newer->older = watched->older;
  else
    newest_watched = watched->older;
  if (watched->older != NULL) watched->older->newer = watched->newer;
}

/*---------------- Before a fork -----------------------------*/

static void sleep_briefly (void) {
  struct timespec time = {.tv_nsec = 50 * 1000};
  (void) nanosleep (&time, NULL);
}

/* Whether this thread has the lock, and forks in what it has called.  */
static int is_mine (struct mir_watched *watched) {
  return atomic_load_explicit (&watched->holder, memory_order_relaxed) == mir_os_thread ();
}

/* Try to take the lock of WATCHED for some milliseconds.  */
static void try_for_a_while (struct mir_watched *watched) {
  uint64_t until = mir_os_now () + PATIENCE;
  for (unsigned tries = 0; !(watched->taken = mir_os_try_lock (watched->lock)); tries++)
    if (tries < YIELDS)
      (void) sched_yield ();
    else if (mir_os_now () > until)
      return;
    else
      sleep_briefly ();
}

/* Take every lock that is not this thread's own, in the order of the list.  Returns the first that
   could not be taken; NULL: all are.  */
static struct mir_watched *take_watched (void) {
  for (struct mir_watched *watched = newest_watched; watched != NULL; watched = watched->older) {
    if (watched->taken || is_mine (watched)) continue;
    try_for_a_while (watched);
    if (!watched->taken) return watched;
  }
  return NULL;
}

static void leave_watched (void) {
  for (struct mir_watched *watched = newest_watched; watched != NULL; watched = watched->older) {
    if (watched->taken) mir_os_unlock (watched->lock);
    watched->taken = 0;
  }
}

static int any_is_mine (void) {
  for (struct mir_watched *watched = newest_watched; watched != NULL; watched = watched->older)
    if (is_mine (watched)) return 1;
  return 0;
}

/* Take what can be had at once.  */
static void take_some (void) {
  for (struct mir_watched *watched = newest_watched; watched != NULL; watched = watched->older)
    if (!is_mine (watched)) watched->taken = mir_os_try_lock (watched->lock);
}

/* A callback that forks has a lock for which others may wait with locks of their own, so it cannot
   get those, however long it tries: it goes on without.  */
static void before_fork (void) {
  struct mir_watched *missed;
  int held = mir_os_hold_cancel ();
  mir_os_lock (&forks_lock);
  for (int round = 0; (missed = take_watched ()) != NULL; round++) {
    leave_watched ();
    if (round >= CALLBACK_ROUNDS && any_is_mine ()) {
      take_some ();
      break;
    }
    take_out (missed);
    put_first (missed);
    mir_os_unlock (&forks_lock);
    sleep_briefly ();
    mir_os_lock (&forks_lock);
  }
  forks_held = held;
  for (struct mir_fork_steps *steps = all_steps; steps != NULL; steps = steps->next)
    steps->before ();
}

/*---------------- After a fork -----------------------------*/

static void end_fork (void) {
  int held = forks_held;
  forks_count++;
  leave_watched ();
  mir_os_unlock (&forks_lock);
  mir_os_let_cancel (held);
}

static void after_fork_in_parent (void) {
  for (struct mir_fork_steps *steps = all_steps; steps != NULL; steps = steps->next)
    steps->in_parent ();
  end_fork ();
}

/* A lock that the fork went on without had a thread which the child does not have: make it free.  */
static void after_fork_in_child (void) {
  for (struct mir_fork_steps *steps = all_steps; steps != NULL; steps = steps->next)
    steps->in_child ();
  for (struct mir_watched *watched = newest_watched; watched != NULL; watched = watched->older) {
    if (watched->taken || is_mine (watched)) continue;
    atomic_store_explicit (&watched->holder, 0, memory_order_relaxed);
    (void) mir_os_lock_init (watched->lock);
  }
  end_fork ();
}

/*---------------- The registry -----------------------------*/

/* Register the handlers unless they are.  Whether they are.  */
static int handle_forks (void) {
  if (!handling)
    handling = mir_os_at_fork (before_fork, after_fork_in_parent, after_fork_in_child) == 0;
  return handling;
}

/* Before the program registers handlers, so that they run before these; after mimalloc's file has
   registered its own, which has a higher priority.  Only ELF sorts constructors by priority: elsewhere
   the first use registers them.  A failure is for the first use to report.  */
#ifdef __ELF__
__attribute__ ((constructor)) static void handle_forks_early (void) {
  (void) handle_forks ();
}
#endif

int mir_forks_watch (struct mir_watched *watched, mir_os_lock_t *lock) {
  *watched = (struct mir_watched) {.lock = lock};
  int held = mir_os_hold_cancel ();
  mir_os_lock (&forks_lock);
  int handled = handle_forks ();
  if (handled) put_first (watched);
  mir_os_unlock (&forks_lock);
  mir_os_let_cancel (held);
  return handled ? 0 : -1;
}

void mir_forks_unwatch (struct mir_watched *watched) {
  int held = mir_os_hold_cancel ();
  mir_os_lock (&forks_lock);
  take_out (watched);
  mir_os_unlock (&forks_lock);
  mir_os_let_cancel (held);
}

int mir_forks_add (struct mir_fork_steps *steps) {
  int held = mir_os_hold_cancel ();
  mir_os_lock (&forks_lock);
  int handled = handle_forks ();
  if (handled && !steps->added) {
    steps->next = all_steps;
    all_steps = steps;
    steps->added = 1;
  }
  mir_os_unlock (&forks_lock);
  mir_os_let_cancel (held);
  return handled ? 0 : -1;
}

unsigned mir_forks_count (void) {
  return forks_count;
}
