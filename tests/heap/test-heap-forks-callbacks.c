/* Forks in functions that allocators call, forks while such functions create allocators, and a
   program with a lock of its own: neither process hangs, and both can use everything.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "heap/forks-fixture.h"

static _Thread_local int forks_now; /* the function that this thread's next call runs into forks */
static pid_t forked;                /* by that function: the child, or 0 in the child */
static MIR_alloc_t used;            /* by busy threads, and by children */

static void fork_here (void) {
  if (!forks_now) return;
  forks_now = 0;
  forked = fork ();
  if (forked == 0) begin_child ();
}

static int use_used (void) {
  return use_alloc (used) + use_alloc (MIR_default_alloc ());
}

/* After a call that has run into fork_here: a child ends here.  */
static void check_both (void) {
  if (forked == 0) _exit (use_used () != 0);
  CHECK_INT (result_of (forked), CHILD_DONE);
  CHECK_INT (use_used (), 0);
}

/* Call CALL, which runs into fork_here, NUM times, while threads use USED.  */
static void fork_in (size_t num, void (*call) (void)) {
  busy_func_t func = use_used;
  if (!can_fork ()) tap_skip ("no forks");
  start_busy (3, &func);
  for (size_t i = 0; i < num; i++) {
    fflush (stdout);
    forked = -1;
    forks_now = 1;
    call ();
    check_both ();
  }
  stop_busy ();
}

/*---------------- Limits -----------------------------*/

enum { SOFT = 1 << 20 };

static void on_soft_limit (void *user_data, size_t needed) {
  (void) user_data, (void) needed;
  fork_here ();
}

static const MIR_limit_options_t soft_limit = {
    .size = sizeof (MIR_limit_options_t), .soft = SOFT, .func = on_soft_limit};

static void exceed_limit (void) {
  void *block = MIR_malloc (used, SOFT + 1);
  CHECK (block != NULL);
  MIR_free (used, block);
}

static void a_soft_limit_forks (void) {
  MIR_limit_t limit;
  REQUIRE (MIR_limit_create (NULL, &soft_limit, &limit) == MIR_HEAP_OK);
  used = &limit->alloc;
  fork_in (tap_scaled (10), exceed_limit);
  MIR_limit_finish (limit);
}

static void a_soft_limit_below_a_lock_forks (void) {
  MIR_limit_t limit;
  MIR_locked_t locked;
  REQUIRE (MIR_limit_create (NULL, &soft_limit, &limit) == MIR_HEAP_OK);
  REQUIRE (MIR_locked_create (&limit->alloc, &locked) == MIR_HEAP_OK);
  used = &locked->alloc;
  fork_in (tap_scaled (10), exceed_limit);
  MIR_locked_finish (locked);
  MIR_limit_finish (limit);
}

static MIR_alloc_t below_used;

static void exceed_limit_below (void) {
  void *block = MIR_malloc (below_used, SOFT + 1);
  CHECK (block != NULL);
  MIR_free (below_used, block);
}

/* Threads wait for the lock that the forking thread has, and hold another meanwhile.  */
static void a_soft_limit_below_another_lock_forks (void) {
  MIR_limit_t limit;
  MIR_locked_t inner, outer;
  REQUIRE (MIR_limit_create (NULL, &soft_limit, &limit) == MIR_HEAP_OK);
  REQUIRE (MIR_locked_create (&limit->alloc, &inner) == MIR_HEAP_OK);
  REQUIRE (MIR_locked_create (&inner->alloc, &outer) == MIR_HEAP_OK);
  below_used = &inner->alloc;
  used = &outer->alloc;
  fork_in (2, exceed_limit_below);
  MIR_locked_finish (outer);
  MIR_locked_finish (inner);
  MIR_limit_finish (limit);
}

/*---------------- Out of memory -----------------------------*/

enum { TOO_LARGE = 1 << 24 };

static int on_no_memory (void *user_data, size_t size, unsigned attempt) {
  (void) user_data, (void) size, (void) attempt;
  fork_here ();
  return 0;
}

static void ask_for_too_much (void) {
  CHECK_PTR (MIR_malloc (used, TOO_LARGE), NULL);
}

static void an_oom_function_below_a_lock_forks (void) {
  MIR_failing_options_t options = {.size = sizeof (options), .min_size = TOO_LARGE};
  MIR_failing_t failing;
  MIR_oom_t oom;
  MIR_locked_t locked;
  REQUIRE (MIR_failing_create (NULL, &options, &failing) == MIR_HEAP_OK);
  REQUIRE (MIR_oom_create (&failing->alloc, on_no_memory, NULL, &oom) == MIR_HEAP_OK);
  REQUIRE (MIR_locked_create (&oom->alloc, &locked) == MIR_HEAP_OK);
  used = &locked->alloc;
  fork_in (tap_scaled (10), ask_for_too_much);
  MIR_locked_finish (locked);
  MIR_oom_finish (oom);
  MIR_failing_finish (failing);
}

/*---------------- Checking -----------------------------*/

static MIR_checking_t checking;
static void *checked_block;

static void on_finding (void *user_data, const MIR_check_t *check) {
  (void) user_data, (void) check;
  fork_here ();
}

static void free_twice (void) {
  void *block = MIR_malloc (used, 10);
  MIR_free (used, block);
  MIR_free (used, block);
}

static void list_blocks (void) {
  CHECK (MIR_checking_each (checking, on_finding, NULL) > 0);
}

static void make_checking (void) {
  MIR_checking_options_t options = {.size = sizeof (options), .func = on_finding};
  REQUIRE (MIR_checking_create (NULL, &options, &checking) == MIR_HEAP_OK);
  used = &checking->alloc;
  checked_block = MIR_malloc (used, 100);
}

static void finish_checking (size_t findings) {
  MIR_free (used, checked_block);
  CHECK_INT (MIR_checking_finish (checking), findings);
}

static void a_finding_forks (void) {
  make_checking ();
  fork_in (tap_scaled (10), free_twice);
  finish_checking (tap_scaled (10));
}

static void the_list_of_blocks_forks (void) {
  make_checking ();
  fork_in (tap_scaled (10), list_blocks);
  finish_checking (0);
}

/*---------------- Other orders -----------------------------*/

/* An allocator that creates another one for each call, below a lock: older than what it calls.  */
static void *creating_malloc (size_t size, void *user_data) {
  MIR_locked_t made;
  (void) user_data;
  if (MIR_locked_create (NULL, &made) != MIR_HEAP_OK) return NULL;
  MIR_free (&made->alloc, MIR_malloc (&made->alloc, 100));
  void *block = MIR_malloc (&made->alloc, size);
  MIR_locked_finish (made);
  return block; /* of the default allocator */
}

static void *creating_calloc (size_t num, size_t size, void *user_data) {
  (void) user_data;
  return MIR_calloc (MIR_default_alloc (), num, size);
}

static void *creating_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  (void) user_data;
  return MIR_realloc (MIR_default_alloc (), ptr, old_size, new_size);
}

static void creating_free (void *ptr, void *user_data) {
  (void) user_data;
  MIR_free (MIR_default_alloc (), ptr);
}

static struct MIR_alloc creating = {creating_malloc, creating_calloc, creating_realloc,
                                    creating_free, NULL};

static void fork_while_used (void) {
  busy_func_t func = use_used;
  start_busy (3, &func);
  fork_children (tap_scaled (20), use_used);
  stop_busy ();
}

static void an_allocator_below_a_lock_creates_others (void) {
  MIR_locked_t locked;
  if (!can_fork ()) tap_skip ("no forks");
  REQUIRE (MIR_locked_create (&creating, &locked) == MIR_HEAP_OK);
  used = &locked->alloc;
  fork_while_used ();
  MIR_locked_finish (locked);
}

/* A newer lock below an older one.  */
static MIR_locked_t late;

static void *late_malloc (size_t size, void *user_data) {
  (void) user_data;
  return MIR_malloc (&late->alloc, size);
}

static void an_older_lock_is_above_a_newer_one (void) {
  MIR_locked_t locked;
  struct MIR_alloc over_late = creating;
  if (!can_fork ()) tap_skip ("no forks");
  over_late.malloc = late_malloc;
  REQUIRE (MIR_locked_create (&over_late, &locked) == MIR_HEAP_OK);
  REQUIRE (MIR_locked_create (NULL, &late) == MIR_HEAP_OK);
  used = &locked->alloc;
  fork_while_used ();
  MIR_locked_finish (locked);
  MIR_locked_finish (late);
}

/*---------------- The program's lock -----------------------------*/

static pthread_mutex_t program_lock = PTHREAD_MUTEX_INITIALIZER;
static MIR_locked_t program_alloc;

static void lock_program (void) {
  pthread_mutex_lock (&program_lock);
}

static void unlock_program (void) {
  pthread_mutex_unlock (&program_lock);
}

static int use_with_lock (void) {
  lock_program ();
  int failures = use_alloc (&program_alloc->alloc);
  unlock_program ();
  return failures;
}

/* Its handlers were registered before any allocator was created.  */
static void a_program_allocates_with_its_lock_held (void) {
  busy_func_t func = use_with_lock;
  if (!can_fork ()) tap_skip ("no forks");
  REQUIRE (MIR_locked_create (NULL, &program_alloc) == MIR_HEAP_OK);
  start_busy (3, &func);
  fork_children (tap_scaled (20), use_with_lock);
  stop_busy ();
  MIR_locked_finish (program_alloc);
}

int main (void) {
  if (pthread_atfork (lock_program, unlock_program, unlock_program) != 0) return 1;
  TEST_RUN (a_soft_limit_forks);
  TEST_RUN (a_soft_limit_below_a_lock_forks);
  TEST_RUN (a_soft_limit_below_another_lock_forks);
  TEST_RUN (an_oom_function_below_a_lock_forks);
  TEST_RUN (a_finding_forks);
  TEST_RUN (the_list_of_blocks_forks);
  TEST_RUN (an_allocator_below_a_lock_creates_others);
  TEST_RUN (an_older_lock_is_above_a_newer_one);
  TEST_RUN (a_program_allocates_with_its_lock_held);
  return tap_done ();
}
