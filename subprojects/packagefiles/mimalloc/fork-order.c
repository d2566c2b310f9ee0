/* Keeps forks out of mimalloc's locks: mimalloc has no fork handlers, so a child would find a lock
   held by a thread that only its parent has, and wait for ever.

   mimalloc's unit is compiled with the names of pthread_mutex_lock and its kin defined as those of
   this file (mir-mimalloc.c); no name inside mimalloc is used.  A fork closes a gate in front of these
   locks and waits until no thread is behind it.  mimalloc needs locks when threads and heaps begin
   and end and when it reserves address space, never for an ordinary malloc or free; under them it
   calls only the system, so the wait is short.

   The constructor has the highest priority that a program may use, because handlers before a fork
   run in the reverse order of their registration: first those of whoever calls mimalloc with a lock
   of its own held, then this one.  */
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

int mir_mimalloc_lock (pthread_mutex_t *mutex);
int mir_mimalloc_trylock (pthread_mutex_t *mutex);
int mir_mimalloc_unlock (pthread_mutex_t *mutex);

enum { YIELDS = 1000 }; /* looks before a fork sleeps between them */

static pthread_mutex_t fork_lock =
    PTHREAD_MUTEX_INITIALIZER;       /* held from before a fork to after it */
static atomic_int is_closed;         /* the gate; only the thread with fork_lock stores to it */
static atomic_int threads_inside;    /* that have a lock, or wait for one */
static _Thread_local int locks_held; /* by this thread, waited for included */

/*---------------- Locks -----------------------------*/

/* Sequentially consistent, as are the stores and loads of before_fork: either the fork sees this
   thread inside, or this thread sees the gate closed.  */
static void come_in (void) {
  if (locks_held++ != 0) return; /* the fork waits for this thread, which may take more locks */
  for (;;) {
    atomic_fetch_add (&threads_inside, 1);
    if (!atomic_load (&is_closed)) return;
    atomic_fetch_sub (&threads_inside, 1);
    (void) pthread_mutex_lock (&fork_lock); /* until the fork is over */
    (void) pthread_mutex_unlock (&fork_lock);
  }
}

static void go_out (void) {
  if (--locks_held == 0) atomic_fetch_sub (&threads_inside, 1);
}

int mir_mimalloc_lock (pthread_mutex_t *mutex) {
  come_in ();
  return pthread_mutex_lock (mutex); /* after an error mimalloc goes on, to unlock */
}

int mir_mimalloc_trylock (pthread_mutex_t *mutex) {
  come_in ();
  int error = pthread_mutex_trylock (mutex);
  if (error != 0) go_out ();
  return error;
}

int mir_mimalloc_unlock (pthread_mutex_t *mutex) {
  int error = pthread_mutex_unlock (mutex);
  go_out ();
  return error;
}

/*---------------- Forks -----------------------------*/

/* Whether this thread is inside: a signal handler that forks has interrupted mimalloc.  */
static int am_inside (void) {
  return locks_held != 0;
}

#ifdef MIR_HAS_CANCEL
static int hold_cancel (void) {
  int state = PTHREAD_CANCEL_ENABLE;
  (void) pthread_setcancelstate (PTHREAD_CANCEL_DISABLE, &state);
  return state;
}

static void let_cancel (int state) {
  (void) pthread_setcancelstate (state, &state);
}
#else
static int hold_cancel (void) {
  return 0;
}

static void let_cancel (int state) {
  (void) state;
}
#endif

/* Sleep a moment, without being cancelled: fork is no cancellation point, nanosleep is.  */
static void sleep_briefly (void) {
  struct timespec time = {.tv_nsec = 50 * 1000};
  int state = hold_cancel ();
  (void) nanosleep (&time, NULL);
  let_cancel (state);
}

static void close_gate (void) {
  (void) pthread_mutex_lock (&fork_lock);
  atomic_store (&is_closed, 1);
  for (int looks = 0; atomic_load (&threads_inside) > am_inside (); looks++)
    if (looks < YIELDS)
      (void) sched_yield ();
    else
      sleep_briefly ();
}

static void open_gate (void) {
  atomic_store (&is_closed, 0);
  (void) pthread_mutex_unlock (&fork_lock);
}

/* A thread that the child does not have may have counted itself, on its way to a closed gate.  */
static void open_gate_in_child (void) {
  atomic_store (&threads_inside, am_inside ());
  open_gate ();
}

/* Without memory for handlers, forks are as dangerous as without this file.  */
__attribute__ ((constructor (101))) static void handle_forks (void) {
  (void) pthread_atfork (close_gate, open_gate, open_gate_in_child);
}
