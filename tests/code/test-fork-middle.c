/* Forks while an operation is in one of the user's functions, in another thread or in the one that
   forks: the child finds all that the operation held, and can use the whole space.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "interrupted.h"

#include <semaphore.h>
#include <sys/wait.h>

#include "code/unwinder.h"
#include "support/child.h"

static const struct configuration *configuration;
static const struct operation *operation;
static int armed;      /* the user's functions count */
static long stop_in;   /* calls until one stops */
static int stopped;    /* it has */
static int fork_there; /* it forks, instead of waiting for another thread to do that */
static pid_t child;    /* of that fork; 0: this process */
static sem_t arrived, go_on;

/* mem_protect may not fork, and no thread can fork while it runs: it is called with a lock held.  */
static void reached (enum user_function where) {
  if (!armed || where == IN_PROTECT || stop_in-- != 0) return;
  stopped = 1;
  if (fork_there) {
    armed = 0;
    child = fork ();
    if (child == 0) alarm (20);
    return;
  }
  sem_post (&arrived);
  while (sem_wait (&go_on) != 0) {
  }
}

static int check_child (void) {
  armed = 0;
  alarm (20);
  return empty_and_refill ();
}

static void arm (long calls) {
  start_configuration (configuration);
  fflush (stdout);
  stopped = 0;
  stop_in = calls;
  armed = 1;
}

static void *run_operation (void *arg) {
  (void) arg;
  operation->run ();
  sem_post (&arrived);
  return NULL;
}

/* This process, too, has everything.  */
static void check_parent (long calls, struct child_end end) {
  armed = 0;
  if (stopped && (end.status != 0 || end.signal != 0))
    tap_note ("%s, call %ld: child's step %d, signal %d", operation->name, calls, end.status,
              end.signal);
  if (stopped) CHECK_INT (end.status, 0);
  CHECK_INT (empty_and_refill (), 0);
  CHECK_INT (probe_alloc_finish (&data), 0);
}

/* Fork at call CALLS of the user's functions in another thread.  Returns whether there was such a
   call.  */
static int fork_beside (long calls) {
  pthread_t thread;
  struct child_end end = {0};
  arm (calls);
  REQUIRE (sem_init (&arrived, 0, 0) == 0 && sem_init (&go_on, 0, 0) == 0);
  REQUIRE (pthread_create (&thread, NULL, run_operation, NULL) == 0);
  while (sem_wait (&arrived) != 0) {
  }
  if (stopped) {
    end = run_child (check_child, NULL, 0);
    sem_post (&go_on);
  }
  REQUIRE (pthread_join (thread, NULL) == 0);
  check_parent (calls, end);
  return stopped;
}

/* As fork_beside, in this thread: the operation goes on in both processes.  */
static int fork_within (long calls) {
  struct child_end end = {0};
  int status = 0;
  arm (calls);
  fork_there = 1;
  child = -1;
  operation->run ();
  fork_there = 0;
  if (child == 0) _exit (check_child ());
  if (stopped) {
    REQUIRE (child > 0 && waitpid (child, &status, 0) == child);
    end.signal = WIFSIGNALED (status) ? WTERMSIG (status) : 0;
    end.status = WIFEXITED (status) ? WEXITSTATUS (status) : -1;
  }
  check_parent (calls, end);
  return stopped;
}

enum { FIRST_CALLS = 8 }; /* of an operation; most of the others repeat them */

/* Where forks are dear (TAP_SCALE), a run tries some of the calls, the next one others.  */
static long leave_out (void) {
  size_t percent = tap_scaled (100);
  return percent >= 100 ? 0 : (long) (tap_random () % (200 / percent));
}

static long first_call (void) {
  return leave_out () % FIRST_CALLS;
}

/* The next call to fork at: every one of the first, some of the others.  */
static long next_call (long calls) {
  if (tap_scaled (100) < 100) return calls + 1 + leave_out ();
  return calls + 1 + (calls < FIRST_CALLS ? 0 : (long) (tap_random () % 16));
}

static void a_fork_beside_an_operation_loses_nothing (void) {
  for (size_t i = 0; i < OPERATIONS; i++) {
    operation = &operations[i];
    for (long calls = first_call (); fork_beside (calls);) calls = next_call (calls);
  }
}

static void a_fork_within_an_operation_loses_nothing (void) {
  for (size_t i = 0; i < OPERATIONS; i++) {
    operation = &operations[i];
    for (long calls = first_call (); fork_within (calls);) calls = next_call (calls);
  }
}

int main (void) {
  (void) mir_unwinder_way (); /* the C library's own block for it would be a leak in a child */
  for (size_t i = 0; i < CONFIGURATIONS; i++) {
    char name[100];
    configuration = &configurations[i];
    if (configuration->forks == 0) continue;
    snprintf (name, sizeof (name), "%s_a_fork_beside_an_operation_loses_nothing",
              configuration->name);
    tap_run (name, a_fork_beside_an_operation_loses_nothing);
    if (configuration->forks < 2) continue;
    snprintf (name, sizeof (name), "%s_a_fork_within_an_operation_loses_nothing",
              configuration->name);
    tap_run (name, a_fork_within_an_operation_loses_nothing);
  }
  return tap_done ();
}
