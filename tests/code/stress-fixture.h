/* A space that several threads use at once: the options, an allocator which may leave by longjmp and
   works after a fork, pages of the user's, and grace periods that end when every thread has been
   quiescent.  */
#ifndef MIR_TESTS_CODE_STRESS_FIXTURE_H
#define MIR_TESTS_CODE_STRESS_FIXTURE_H

#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "mir-code.h"

#include "code/query.h" /* mir_space_check */
#include "support/machine-code.h"
#include "support/tap.h"

enum { STRESS_THREADS = 8, STRESS_GRANULE = 32 };

#define STRESS_OFFLINE UINT64_MAX /* such a thread runs no code that may be freed */

struct stress_thread {
  pthread_t thread;
  unsigned number;
  uint64_t random;
  MIR_code_writer_t writer;
  atomic_uint_fast64_t seen; /* the newest grace period that this thread knows of */
  unsigned wrong;            /* failed expectations */
  int line;                  /* of the first one */
  long leave_in;             /* allocations until one leaves by longjmp; < 0: none does */
  jmp_buf leave;
};

static struct stress_thread stress_threads[STRESS_THREADS];
static unsigned stress_threads_num;
static _Thread_local struct stress_thread *stress_self;
static MIR_code_options_t stress_options;
static MIR_code_space_t stress_space;

/* A failed expectation is counted in the thread that sees it.  */
#define EXPECT(COND) stress_expect ((COND) != 0, __LINE__)

static inline void stress_expect (int ok, int line) {
  if (!ok && stress_self->wrong++ == 0) stress_self->line = line;
}

/* SplitMix64, as tap_random, for each thread.  */
static inline uint64_t stress_random (void) {
  uint64_t z = stress_self->random += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/*---------------- The general allocator -----------------------------*/

static pthread_mutex_t stress_lock = PTHREAD_MUTEX_INITIALIZER; /* guards malloc during forks */
static size_t stress_blocks;                                    /* live; guarded by the lock */

static inline void stress_lock_all (void) {
  pthread_mutex_lock (&stress_lock);
}

static inline void stress_unlock_all (void) {
  pthread_mutex_unlock (&stress_lock);
}

static void *stress_malloc (size_t size, void *user_data) {
  (void) user_data;
  if (stress_self != NULL && stress_self->leave_in >= 0 && stress_self->leave_in-- == 0)
    longjmp (stress_self->leave, 1);
  stress_lock_all ();
  void *block = malloc (size);
  stress_blocks += block != NULL;
  stress_unlock_all ();
  return block;
}

static void stress_free (void *block, void *user_data) {
  (void) user_data;
  if (block == NULL) return;
  stress_lock_all ();
  free (block);
  stress_blocks--;
  stress_unlock_all ();
}

static void *stress_calloc (size_t num, size_t size, void *user_data) {
  if (size != 0 && num > SIZE_MAX / size) return NULL;
  void *block = stress_malloc (num * size, user_data);
  if (block != NULL) memset (block, 0, num * size);
  return block;
}

static void *stress_realloc (void *block, size_t old_size, size_t new_size, void *user_data) {
  void *moved = stress_malloc (new_size, user_data);
  if (moved == NULL) return NULL;
  if (block != NULL) memcpy (moved, block, old_size < new_size ? old_size : new_size);
  stress_free (block, user_data);
  return moved;
}

static struct MIR_alloc stress_alloc = {stress_malloc, stress_calloc, stress_realloc, stress_free,
                                        NULL};

/*---------------- Pages of the user's -----------------------------*/

static void *stress_map (size_t len, void *user_data) {
  (void) user_data;
  void *start = mmap (NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return start == MAP_FAILED ? NULL : start;
}

static int stress_unmap (void *start, size_t len, void *user_data) {
  (void) user_data;
  return munmap (start, len);
}

static int stress_protect (void *start, size_t len, MIR_mem_protect_t access, void *user_data) {
  (void) user_data;
  int with_write = access == PROT_WRITE_EXEC ? PROT_WRITE : 0;
  return mprotect (start, len, PROT_READ | PROT_EXEC | with_write);
}

static struct MIR_code_alloc stress_pages = {stress_map, stress_unmap, stress_protect, NULL};

/*---------------- Grace periods -----------------------------*/

static atomic_uint_fast64_t stress_periods; /* begun */
static pthread_mutex_t stress_grace_lock = PTHREAD_MUTEX_INITIALIZER;
static MIR_code_grace_t stress_grace; /* the running period, if `stress_waiting` */
static int stress_waiting;

/* The calling thread runs no code now, or until it comes back.  */
static inline void stress_quiesce (void) {
  atomic_store (&stress_self->seen, atomic_load (&stress_periods));
}

static inline void stress_go_offline (void) {
  atomic_store (&stress_self->seen, STRESS_OFFLINE);
}

static inline int stress_all_have_seen (uint64_t period) {
  for (unsigned i = 0; i < stress_threads_num; i++)
    if (atomic_load (&stress_threads[i].seen) < period) return 0;
  return 1;
}

/* Begin a grace period, or end the running one if it is over.  */
static inline void stress_advance (void) {
  if (pthread_mutex_trylock (&stress_grace_lock) != 0) return;
  if (!stress_waiting) {
    stress_grace = MIR_code_grace_begin (stress_space);
    atomic_fetch_add (&stress_periods, 1);
    stress_waiting = 1;
  } else if (stress_all_have_seen (atomic_load (&stress_periods))) {
    EXPECT (MIR_code_reclaim (stress_space, stress_grace) == MIR_CODE_OK);
    stress_waiting = 0;
  }
  pthread_mutex_unlock (&stress_grace_lock);
}

/*---------------- Spaces -----------------------------*/

/* Set the options for the back end BIT, 0 for pages of the user's, at LEVEL.  Returns whether this
   system has it.  */
static inline int stress_choose (unsigned bit, MIR_code_protection_t level,
                                 MIR_code_poison_t poison) {
  MIR_code_report_t report = {.size = sizeof (report)};
  memset (&stress_options, 0, sizeof (stress_options));
  stress_options.size = sizeof (stress_options);
  stress_options.alloc = &stress_alloc;
  stress_options.backends = bit;
  stress_options.protection = level;
  stress_options.poison = poison;
  if (bit == 0) stress_options.code_alloc = &stress_pages;
  return MIR_code_probe (&stress_options, &report) == MIR_CODE_OK;
}

/* Create the space, and NUM threads, none of which runs yet; the first one is the caller.  */
static inline void stress_start (unsigned num) {
  static int watching;
  if (!watching)
    REQUIRE (pthread_atfork (stress_lock_all, stress_unlock_all, stress_unlock_all) == 0);
  watching = 1;
  stress_blocks = 0;
  REQUIRE (MIR_code_space_create (&stress_options, &stress_space) == MIR_CODE_OK);
  memset (stress_threads, 0, sizeof (stress_threads));
  stress_threads_num = num;
  for (unsigned i = 0; i < num; i++) {
    stress_threads[i].number = i;
    stress_threads[i].random = tap_random ();
    stress_threads[i].leave_in = -1;
    atomic_store (&stress_threads[i].seen, STRESS_OFFLINE);
  }
  stress_self = &stress_threads[0];
  stress_waiting = 0;
}

/* Check what all threads have seen, and that the space ends well.  */
static inline void stress_finish (void) {
  unsigned wrong = 0;
  for (unsigned i = 0; i < stress_threads_num; i++) {
    wrong += stress_threads[i].wrong;
    if (stress_threads[i].wrong != 0)
      tap_note ("thread %u: %u wrong, the first in line %d", i, stress_threads[i].wrong,
                stress_threads[i].line);
  }
  CHECK_INT (wrong, 0);
  CHECK (mir_space_check (stress_space));
  MIR_code_space_finish (stress_space); /* and the writers that are left */
  CHECK_INT (stress_blocks, 0);
  stress_self = NULL;
}

#endif /* MIR_TESTS_CODE_STRESS_FIXTURE_H */
