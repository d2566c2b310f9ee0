/* The gate in front of mimalloc's locks (subprojects/packagefiles/mimalloc/fork-order.c): every
   lock is behind it, and a fork waits until no thread is.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "heap/forks-fixture.h"

int mir_mimalloc_lock (pthread_mutex_t *mutex);
int mir_mimalloc_unlock (pthread_mutex_t *mutex);

/*---------------- Calls of all objects but this one -----------------------------*/

static _Thread_local int behind_gate;        /* this thread is in mir_mimalloc_lock or _unlock */
static atomic_int calls_of_gate, calls_past; /* calls of the gate; of POSIX past it */

int __real_mir_mimalloc_lock (pthread_mutex_t *mutex);
int __real_mir_mimalloc_unlock (pthread_mutex_t *mutex);
int __real_pthread_mutex_lock (pthread_mutex_t *mutex);
int __real_pthread_mutex_unlock (pthread_mutex_t *mutex);
int __wrap_mir_mimalloc_lock (pthread_mutex_t *mutex);
int __wrap_mir_mimalloc_unlock (pthread_mutex_t *mutex);
int __wrap_pthread_mutex_lock (pthread_mutex_t *mutex);
int __wrap_pthread_mutex_unlock (pthread_mutex_t *mutex);

int __wrap_mir_mimalloc_lock (pthread_mutex_t *mutex) {
  atomic_fetch_add (&calls_of_gate, 1);
  behind_gate++;
  int error = __real_mir_mimalloc_lock (mutex);
  behind_gate--;
  return error;
}

int __wrap_mir_mimalloc_unlock (pthread_mutex_t *mutex) {
  behind_gate++;
  int error = __real_mir_mimalloc_unlock (mutex);
  behind_gate--;
  return error;
}

int __wrap_pthread_mutex_lock (pthread_mutex_t *mutex) {
  if (!behind_gate) atomic_fetch_add (&calls_past, 1);
  return __real_pthread_mutex_lock (mutex);
}

int __wrap_pthread_mutex_unlock (pthread_mutex_t *mutex) {
  return __real_pthread_mutex_unlock (mutex);
}

static void every_lock_is_behind_the_gate (void) {
  MIR_heap_t heap;
  atomic_store (&calls_of_gate, 0);
  atomic_store (&calls_past, 0);
  MIR_heap_status_t status = MIR_heap_create (&heap);
  if (status == MIR_HEAP_NOT_SUPPORTED) tap_skip ("this mimalloc has no heaps for threads");
  REQUIRE (status == MIR_HEAP_OK);
  CHECK_INT (use_alloc (&heap->alloc), 0);
  MIR_heap_finish (heap);
  CHECK (atomic_load (&calls_of_gate) >= 4);
  CHECK_INT (atomic_load (&calls_past), 0);
}

/*---------------- Forks -----------------------------*/

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;
static atomic_int is_inside;

/* Be behind the gate for a tenth of a second, and take a second lock meanwhile.  */
static void *stay_inside (void *arg) {
  (void) arg;
  mir_mimalloc_lock (&first);
  atomic_store (&is_inside, 1);
  usleep (50 * 1000);
  mir_mimalloc_lock (&second);
  usleep (50 * 1000);
  mir_mimalloc_unlock (&second);
  atomic_store (&is_inside, 0);
  mir_mimalloc_unlock (&first);
  return NULL;
}

static int take_both (void) {
  if (atomic_load (&is_inside)) return 1;
  mir_mimalloc_lock (&first);
  mir_mimalloc_lock (&second);
  mir_mimalloc_unlock (&second);
  mir_mimalloc_unlock (&first);
  return 0;
}

static void a_fork_waits_for_threads_inside (void) {
  pthread_t thread;
  if (!can_fork ()) tap_skip ("no forks");
  REQUIRE (pthread_create (&thread, NULL, stay_inside, NULL) == 0);
  while (!atomic_load (&is_inside)) usleep (100);
  fork_children (1, take_both);
  pthread_join (thread, NULL);
}

/* A signal handler may fork there; the child is still inside.  */
static void a_fork_inside_does_not_wait_for_itself (void) {
  if (!can_fork ()) tap_skip ("no forks");
  mir_mimalloc_lock (&first);
  fflush (stdout);
  pid_t pid = fork ();
  if (pid == 0) {
    begin_child ();
    mir_mimalloc_unlock (&first);
    _exit (take_both ());
  }
  mir_mimalloc_unlock (&first);
  CHECK_INT (result_of (pid), CHILD_DONE);
  fork_children (1, take_both);
}

static int come_and_go (void) {
  mir_mimalloc_lock (&first);
  mir_mimalloc_unlock (&first);
  return 0;
}

static void threads_come_and_go_meanwhile (void) {
  busy_func_t func = come_and_go;
  if (!can_fork ()) tap_skip ("no forks");
  start_busy (4, &func);
  fork_children (tap_scaled (100), take_both);
  stop_busy ();
}

int main (void) {
  TEST_RUN (every_lock_is_behind_the_gate);
  TEST_RUN (a_fork_waits_for_threads_inside);
  TEST_RUN (a_fork_inside_does_not_wait_for_itself);
  TEST_RUN (threads_come_and_go_meanwhile);
  return tap_done ();
}
