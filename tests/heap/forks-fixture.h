/* Forks while other threads are busy: what a child may do, and how it must end.  */
#ifndef MIR_TESTS_HEAP_FORKS_FIXTURE_H
#define MIR_TESTS_HEAP_FORKS_FIXTURE_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mir-heap.h"

#include "os/translations.h"
#include "support/tap.h"

/* Threads that ThreadSanitizer watches do not survive forks of each other.  */
#if defined(__SANITIZE_THREAD__)
enum { CAN_FORK = 0 };
#else
enum { CAN_FORK = 1 };
#endif

/* AddressSanitizer has a lock for its list of threads, which a child may find taken.  */
#if defined(__SANITIZE_ADDRESS__)
enum { CAN_FORK_BESIDE_BIRTHS = 0 };
#else
enum { CAN_FORK_BESIDE_BIRTHS = 1 };
#endif

/* valgrind takes what the other threads have in a child for leaks.  */
static inline int can_fork (void) {
  return CAN_FORK && !mir_os_is_translated ();
}

enum { BUSY_MAX = 4, CHILD_SECONDS = 20 };

/*---------------- A block of every size -----------------------------*/

/* Allocate, fill, resize and free blocks of ALLOC.  Returns the number of failures.  */
static inline int use_alloc (MIR_alloc_t alloc) {
  enum { BLOCKS = 12 };
  unsigned char *blocks[BLOCKS];
  int failures = 0;
  for (size_t i = 0; i < BLOCKS; i++) {
    size_t size = (size_t) 8 << i;
    blocks[i] = (unsigned char *) MIR_malloc (alloc, size);
    if (blocks[i] == NULL) {
      failures++;
      continue;
    }
    memset (blocks[i], (int) i, size);
    unsigned char *moved = (unsigned char *) MIR_realloc (alloc, blocks[i], size, size + size / 2);
    failures += moved == NULL;
    if (moved != NULL) blocks[i] = moved;
  }
  for (size_t i = BLOCKS; i-- > 0;) {
    if (blocks[i] == NULL) continue;
    failures += blocks[i][0] != i || blocks[i][((size_t) 8 << i) - 1] != i;
    MIR_free (alloc, blocks[i]);
  }
  return failures;
}

/*---------------- Busy threads -----------------------------*/

/* One of the things that threads do over and over while the process forks.  Returns the number of
   failures.  */
typedef int (*busy_func_t) (void);

static pthread_t busy_threads[BUSY_MAX];
static int busy_num;
static atomic_int busy_stop, busy_failures;
static atomic_int busy_begun; /* threads that have been through it once */

static inline void *be_busy (void *arg) {
  busy_func_t func = *(busy_func_t *) arg;
  atomic_fetch_add (&busy_failures, func ());
  atomic_fetch_add (&busy_begun, 1);
  while (!atomic_load (&busy_stop)) atomic_fetch_add (&busy_failures, func ());
  return NULL;
}

/* Start NUM threads that call *FUNC, and wait until all are at it: a fork beside a birth is another
   matter.  */
static inline void start_busy (int num, busy_func_t *func) {
  atomic_store (&busy_stop, 0);
  atomic_store (&busy_failures, 0);
  atomic_store (&busy_begun, 0);
  for (busy_num = 0; busy_num < num; busy_num++)
    REQUIRE (pthread_create (&busy_threads[busy_num], NULL, be_busy, func) == 0);
  while (atomic_load (&busy_begun) < num) usleep (100);
}

static inline void stop_busy (void) {
  atomic_store (&busy_stop, 1);
  for (int i = 0; i < busy_num; i++) pthread_join (busy_threads[i], NULL);
  CHECK_INT (atomic_load (&busy_failures), 0);
}

/*---------------- Children -----------------------------*/

enum child_result { CHILD_DONE, CHILD_FAILED, CHILD_HUNG };

/* How the child PID has ended: its alarm ends one that hangs.  */
static inline enum child_result result_of (pid_t pid) {
  int status;
  if (pid < 0 || waitpid (pid, &status, 0) != pid) return CHILD_FAILED;
  if (WIFSIGNALED (status) && WTERMSIG (status) == SIGALRM) return CHILD_HUNG;
  return WIFEXITED (status) && WEXITSTATUS (status) == 0 ? CHILD_DONE : CHILD_FAILED;
}

/* What a child does first: a hang ends it, by a signal that no sanitizer handles.  */
static inline void begin_child (void) {
  signal (SIGALRM, SIG_DFL);
  alarm (CHILD_SECONDS);
}

/* Fork up to NUM children that end with the result of USE, until three have hung.  */
static inline void fork_children (size_t num, busy_func_t use) {
  size_t hung = 0, failed = 0, forks;
  fflush (stdout);
  for (forks = 0; forks < num && hung < 3; forks++) {
    pid_t pid = fork ();
    if (pid == 0) {
      begin_child ();
      _exit (use () != 0);
    }
    enum child_result result = result_of (pid);
    hung += result == CHILD_HUNG;
    failed += result == CHILD_FAILED;
  }
  tap_note ("%zu forks, %zu children hung, %zu failed", forks, hung, failed);
  CHECK_INT (hung, 0);
  CHECK_INT (failed, 0);
}

#endif /* MIR_TESTS_HEAP_FORKS_FIXTURE_H */
