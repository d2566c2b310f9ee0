/* POSIX: the registry of watched locks, and the fork handlers of the library.

   A fork holds FORKS_LOCK and all watched locks from `before_fork` on.  It never waits long for
   one: a thread that holds it may wait for FORKS_LOCK (a callback creates an allocator), or for
   another that the fork has already.  Then the fork leaves them all for a moment.  */
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include "heap/forks.h"

#include <time.h>

#include "os/cancel.h"

/* Milliseconds.  */
enum {
  PATIENCE = 10, /* for one lock, before all are left; doubles each time, up to */
  MOST_PATIENCE = 320,
  CALLBACK_LIMIT = 500, /* after which a fork in a callback goes on without some locks */
  LIMIT = 10 * 1000     /* the same elsewhere */
};

static mir_os_lock_t forks_lock = MIR_OS_LOCK_INITIALIZER; /* guards everything below */
static struct mir_watched *newest_watched;                 /* a list, in the order of taking */
static struct mir_fork_steps *all_steps;                   /* the one added last first */
static int handling;                                       /* the handlers are registered */
static int forks_held; /* cancellation, by the thread that forks */
static unsigned forks_count;

/* Threads between mir_forks_hold_off and mir_forks_let; whether none may come in.  */
static atomic_int held_off, closed_to_all;

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

/* Take every lock that is not this thread's own, in the order of the list.  Returns the first that
   could not be taken within PATIENCE; NULL: all are.  */
static struct mir_watched *take_watched (unsigned patience) {
  for (struct mir_watched *watched = newest_watched; watched != NULL; watched = watched->older) {
    if (watched->taken || is_mine (watched)) continue;
    watched->taken = mir_os_lock_within (watched->lock, patience);
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

/* After the watched locks: a thread that waits here may hold one.  Both sides' operations are
   sequentially consistent: either this thread sees the other one, or that one sees the gate
   closed.  */
static void wait_until_none_holds_off (void) {
  atomic_store (&closed_to_all, 1);
  while (atomic_load (&held_off) != 0) sleep_briefly ();
}

/* A callback that forks has a lock for which others may wait with locks of their own, so it cannot
   get those, however long it tries.  Elsewhere a lock may be held by a callback that does not
   return.  In both cases the fork goes on without.  */
static void before_fork (void) {
  struct mir_watched *missed;
  unsigned patience = PATIENCE;
  int held = mir_os_hold_cancel ();
  mir_os_lock (&forks_lock);
  uint64_t start = mir_os_now ();
  while ((missed = take_watched (patience)) != NULL) {
    leave_watched ();
    if (mir_os_now () - start > (any_is_mine () ? CALLBACK_LIMIT : LIMIT)) {
      take_some ();
      break;
    }
    if (patience < MOST_PATIENCE) patience *= 2;
    take_out (missed);
    put_first (missed);
    mir_os_unlock (&forks_lock);
    sleep_briefly ();
    mir_os_lock (&forks_lock);
  }
  forks_held = held;
  wait_until_none_holds_off ();
  for (struct mir_fork_steps *steps = all_steps; steps != NULL; steps = steps->next)
    steps->before ();
}

/*---------------- After a fork -----------------------------*/

static void end_fork (void) {
  int held = forks_held;
  forks_count++;
  atomic_store (&closed_to_all, 0);
  leave_watched ();
  mir_os_unlock (&forks_lock);
  mir_os_let_cancel (held);
}

static void after_fork_in_parent (void) {
  for (struct mir_fork_steps *steps = all_steps; steps != NULL; steps = steps->next)
    steps->in_parent ();
  end_fork ();
}

/* Make the locks free that the fork went on without: no thread of the child has them.  */
static void after_fork_in_child (void) {
  for (struct mir_fork_steps *steps = all_steps; steps != NULL; steps = steps->next)
    steps->in_child ();
  atomic_store (&held_off, 0); /* a thread on its way to the closed gate may have counted itself */
  for (struct mir_watched *watched = newest_watched; watched != NULL; watched = watched->older) {
    if (watched->taken || is_mine (watched)) continue;
    atomic_store_explicit (&watched->holder, 0, memory_order_relaxed);
    (void) mir_os_lock_init (watched->lock);
  }
  end_fork ();
}

/*---------------- Holding forks off -----------------------------*/

void mir_forks_hold_off (void) {
  for (;;) {
    atomic_fetch_add (&held_off, 1);
    if (!atomic_load (&closed_to_all)) return;
    atomic_fetch_sub (&held_off, 1);
    mir_os_lock (&forks_lock); /* until the fork is over */
    mir_os_unlock (&forks_lock);
  }
}

void mir_forks_let (void) {
  atomic_fetch_sub (&held_off, 1);
}

/*---------------- The registry -----------------------------*/

/* Register the handlers unless they are.  Whether they are.  */
static int handle_forks (void) {
  if (!handling)
    handling = mir_os_at_fork (before_fork, after_fork_in_parent, after_fork_in_child) == 0;
  return handling;
}

/* Before the program registers handlers, so that they run before these; after mimalloc's file has
   registered its own, which has a higher priority.  Only ELF sorts constructors by priority:
   elsewhere the first use registers them.  A failure is for the first use to report.  */
#ifdef __ELF__
__attribute__ ((constructor)) static void handle_forks_early (void) {
  (void) handle_forks ();
}
#endif

/* Lock the registry with cancellation held off.  */
static int enter_registry (void) {
  int held = mir_os_hold_cancel ();
  mir_os_lock (&forks_lock);
  return held;
}

static void leave_registry (int held) {
  mir_os_unlock (&forks_lock);
  mir_os_let_cancel (held);
}

int mir_forks_watch (struct mir_watched *watched, mir_os_lock_t *lock) {
  *watched = (struct mir_watched) {0};
  return mir_forks_watch_static (watched, lock);
}

int mir_forks_watch_static (struct mir_watched *watched, mir_os_lock_t *lock) {
  int held = enter_registry (), handled = handle_forks ();
  if (handled && watched->lock == NULL) {
    watched->lock = lock;
    put_first (watched);
  }
  leave_registry (held);
  return handled ? 0 : -1;
}

void mir_forks_unwatch (struct mir_watched *watched) {
  int held = enter_registry ();
  take_out (watched);
  leave_registry (held);
}

int mir_forks_add (struct mir_fork_steps *steps) {
  int held = enter_registry (), handled = handle_forks ();
  if (handled && !steps->added) {
    steps->next = all_steps;
    all_steps = steps;
    steps->added = 1;
  }
  leave_registry (held);
  return handled ? 0 : -1;
}

unsigned mir_forks_count (void) {
  return forks_count;
}
