/* Objects that threads make, run and free at once, while others trim, ask and fork; in every back end at
   every level.  */
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "code/space-fixture.h"
#include "mir-code-object.h"
#include "os/translations.h"
#include "support/child.h"

enum { RESERVE = 64 * 1024 * 1024, THREADS = 4, HELD = 24 };

/* Threads that ThreadSanitizer watches do not survive forks of each other, and a child may find
   AddressSanitizer's own lock of malloc taken: GCC's runtime has no order for forks before 14.  So
   it is with the locks of an emulator.  */
#if defined(_WIN32) || defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__) \
    || defined(IS_EMULATED)
enum { CAN_FORK = 0 };
#else
enum { CAN_FORK = 1 };
#endif

/* valgrind takes what the other threads have in a child for leaks.  */
static int can_fork (void) {
  return CAN_FORK && !mir_os_is_translated ();
}

/* The system's own heap: a child finds no lock of it taken.  */

static void *system_malloc (size_t size, void *user_data) {
  (void) user_data;
  return malloc (size);
}

static void *system_calloc (size_t num, size_t size, void *user_data) {
  (void) user_data;
  return calloc (num, size);
}

static void *system_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  (void) user_data;
  (void) old_size;
  return realloc (ptr, new_size);
}

static void system_free (void *ptr, void *user_data) {
  (void) user_data;
  free (ptr);
}

static struct MIR_alloc system_heap = {system_malloc, system_calloc, system_realloc, system_free,
                                       NULL};

static int start_at (unsigned backends, MIR_code_protection_t level, MIR_code_poison_t poison) {
  set_defaults ();
  options.backends = backends;
  options.protection = level;
  options.poison = poison;
  options.reserve = within_reach (RESERVE);
  options.alloc = &system_heap;
  MIR_code_status_t status = MIR_code_space_create (&options, &space);
  if (status != MIR_CODE_OK) return -1;
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  return 0;
}

struct held {
  MIR_code_object_t object;
  uint8_t *code, *constants, *variables;
  size_t constants_len, variables_len;
  unsigned value;
};

/* The next number of a sequence of this thread's own.  */
static uint32_t next (uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static MIR_code_status_t hold (struct held *held, uint32_t *random, unsigned value) {
  MIR_code_segment_t segments[4] = {
      {.size = sizeof (segments[0]), .access = MIR_CODE_READ_EXEC, .len = CODE_LEN},
      {.size = sizeof (segments[0]), .access = MIR_CODE_READ_ONLY},
      {.size = sizeof (segments[0]), .access = MIR_CODE_READ_WRITE},
      {.size = sizeof (segments[0]), .access = MIR_CODE_READ_ONLY, .flags = MIR_CODE_TRANSIENT}};
  segments[0].len += next (random) % 300;
  segments[1].len = held->constants_len = next (random) % 2000;
  segments[2].len = held->variables_len = next (random) % 200;
  segments[2].alignment = (size_t) 1 << next (random) % 13;
  segments[3].len = next (random) % 64;
  MIR_code_status_t status = MIR_code_object_reserve (space, segments, 4, &held->object);
  if (status != MIR_CODE_OK) return status;
  code_returning (segments[0].buffer, value);
  memset (segments[1].buffer, (int) value, held->constants_len);
  for (size_t i = 0; i < held->variables_len; i++)
    if (segments[2].buffer[i] != 0) return MIR_CODE_NOT_ATOMIC; /* stale bytes: the test fails */
  memset (segments[2].buffer, (int) value, held->variables_len);
  if ((status = MIR_code_object_commit (space, held->object, NULL)) != MIR_CODE_OK) return status;
  if (value % 2 == 0) MIR_code_object_settle (space, held->object);
  held->code = segments[0].addr;
  held->constants = segments[1].addr;
  held->variables = segments[2].addr;
  held->value = value;
  return MIR_CODE_OK;
}

static unsigned wrong_bytes (const struct held *held) {
  unsigned wrong = code_call (held->code) != held->value;
  for (size_t i = 0; i < held->constants_len; i++)
    wrong += held->constants[i] != (uint8_t) held->value;
  for (size_t i = 0; i < held->variables_len; i++)
    wrong += held->variables[i] != (uint8_t) held->value;
  return wrong;
}

static atomic_uint failures, running;

/* Make, check and free objects in random order.  */
static void *make_and_free (void *arg) {
  struct held held[HELD] = {{0}};
  uint32_t random = (uint32_t) (uintptr_t) arg;
  unsigned wrong = 0;
  for (size_t n = tap_scaled (4000); n > 0; n--) {
    struct held *one = &held[next (&random) % HELD];
    if (one->object == NULL) {
      wrong += hold (one, &random, next (&random) % 100000) != MIR_CODE_OK;
      continue;
    }
    wrong += wrong_bytes (one) != 0;
    if (next (&random) % 2 == 0)
      wrong += MIR_code_object_free_now (space, one->object) != MIR_CODE_OK;
    else
      wrong += MIR_code_object_free (space, one->object) != MIR_CODE_OK;
    one->object = NULL;
    if (n % 64 == 0) wrong += MIR_code_reclaim (space, MIR_code_grace_begin (space)) != MIR_CODE_OK;
  }
  for (int i = 0; i < HELD; i++)
    if (held[i].object != NULL)
      wrong += MIR_code_object_free_now (space, held[i].object) != MIR_CODE_OK;
  atomic_fetch_add (&failures, wrong);
  atomic_fetch_sub (&running, 1);
  return NULL;
}

/* In a child: objects can be made and freed, whatever the other threads were doing.  */
static int use_in_child (void) {
  struct held held;
  uint32_t random = 1;
  for (int i = 0; i < 50; i++) {
    if (hold (&held, &random, (unsigned) i) != MIR_CODE_OK || wrong_bytes (&held) != 0) return 1;
    if (MIR_code_object_free_now (space, held.object) != MIR_CODE_OK) return 2;
  }
  return mir_space_check (space) ? 0 : 3;
}

static void threads_make_and_free_objects (void) {
  pthread_t threads[THREADS];
  if (start_at (0, MIR_CODE_OPEN_ALIAS, MIR_CODE_POISON_ENTRY) != 0) tap_skip ("no ranges here");
  atomic_store (&failures, 0);
  atomic_store (&running, THREADS);
  for (int i = 0; i < THREADS; i++)
    REQUIRE (pthread_create (&threads[i], NULL, make_and_free, (void *) (uintptr_t) (i + 1)) == 0);
  for (int i = 0; atomic_load (&running) != 0; i++) {
    (void) stats ();
    CHECK (mir_space_check (space));
    (void) MIR_code_trim (space);
    if (can_fork () && i % 4 == 0) {
      struct child_end end = run_child (use_in_child, NULL, 0);
      CHECK_INT (end.status, 0);
      CHECK_INT (end.signal, 0);
    }
  }
  for (int i = 0; i < THREADS; i++) REQUIRE (pthread_join (threads[i], NULL) == 0);
  CHECK_INT (atomic_load (&failures), 0);
  CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
  (void) MIR_code_trim (space);
  MIR_code_stats_t all = stats ();
  CHECK_INT (all.objects, 0);
  CHECK_INT (all.pieces, 0);
  CHECK_INT (all.freed, 0);
  CHECK_INT (all.piece_bytes, 0);
  CHECK_INT (all.freed_bytes, 0);
  CHECK_INT (all.constant_bytes, 0);
  CHECK_INT (all.data_bytes, 0);
  CHECK_INT (all.mapped_bytes + all.constant_mapped + all.data_mapped, 0);
  finish ();
}

static void every_back_end_and_level_holds_objects (void) {
  int seen = 0;
  for (unsigned bit = MIR_CODE_ANON; bit <= MIR_CODE_RWX; bit <<= 1)
    for (int level = MIR_CODE_OPEN_ALIAS; level <= MIR_CODE_SEALED; level++) {
      if (start_at (bit, (MIR_code_protection_t) level,
                    level == MIR_CODE_SEALED ? MIR_CODE_KEEP : MIR_CODE_POISON_ALL)
          != 0) {
        (void) probe_alloc_finish (&data);
        continue;
      }
      struct held held[20];
      uint32_t random = bit;
      for (unsigned i = 0; i < 20; i++) CHECK_INT (hold (&held[i], &random, i + 7), MIR_CODE_OK);
      for (unsigned i = 0; i < 20; i += 2)
        CHECK_INT (MIR_code_object_free_now (space, held[i].object), MIR_CODE_OK);
      for (unsigned i = 0; i < 20; i += 2)
        CHECK_INT (hold (&held[i], &random, i + 100), MIR_CODE_OK);
      for (unsigned i = 0; i < 20; i++) CHECK_INT (wrong_bytes (&held[i]), 0);
      tap_note ("%s, level %d", stats ().backend, level);
      seen++;
      finish ();
    }
  if (seen == 0) tap_skip ("no back end here has ranges");
}

/*---------------- Allocators that leave -----------------------------*/

static jmp_buf out_of_memory;

static void *leave_malloc (size_t size, void *user_data) {
  void *res = MIR_malloc (&data.alloc, size);
  (void) user_data;
  if (res == NULL) longjmp (out_of_memory, 1);
  return res;
}

static void *leave_calloc (size_t num, size_t size, void *user_data) {
  void *res = MIR_calloc (&data.alloc, num, size);
  (void) user_data;
  if (res == NULL) longjmp (out_of_memory, 1);
  return res;
}

static void *leave_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  (void) user_data;
  return MIR_realloc (&data.alloc, ptr, old_size, new_size);
}

static void leave_free (void *ptr, void *user_data) {
  (void) user_data;
  MIR_free (&data.alloc, ptr);
}

/* The next reservation of the thread gives back what the last one has left.  */
static void an_allocator_that_leaves_loses_nothing (void) {
  static struct MIR_alloc leaving = {leave_malloc, leave_calloc, leave_realloc, leave_free, NULL};
  static volatile long n;
  static struct held held;
  set_defaults ();
  options.alloc = &leaving;
  options.reserve = within_reach (RESERVE);
  if (MIR_code_space_create (&options, &space) != MIR_CODE_OK) tap_skip ("no ranges here");
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  for (n = 0;; n++) {
    uint32_t random = 5;
    if (setjmp (out_of_memory) == 0) {
      probe_alloc_fail_after (&data, n, 0);
      MIR_code_status_t status = hold (&held, &random, 11);
      probe_alloc_fail_after (&data, -1, 0);
      CHECK_INT (status, MIR_CODE_OK);
      break;
    }
    probe_alloc_fail_after (&data, -1, 0);
    CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
    CHECK_INT (stats ().piece_bytes + stats ().constant_bytes + stats ().data_bytes, 0);
  }
  tap_note ("%ld allocations", (long) n);
  CHECK (n > 5);
  CHECK_INT (wrong_bytes (&held), 0);
  CHECK_INT (MIR_code_object_free_now (space, held.object), MIR_CODE_OK);
  finish ();
}

static int return_0 (void) {
  return 0;
}

static void *fork_often (void *done) {
  for (int i = 0; i < 100; i++) (void) run_child (return_0, NULL, 0);
  atomic_store ((atomic_int *) done, 1);
  return NULL;
}

/* The copy of what was written in place may be a child's, too.  */
static void code_is_committed_in_place_while_others_fork (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  pthread_t thread;
  atomic_int done = 0;
  if (!can_fork ()) tap_skip ("no forks");
  REQUIRE (start_at (0, MIR_CODE_OPEN_ALIAS, MIR_CODE_KEEP) == 0);
  (void) MIR_code_probe (&options, &report);
  if ((report.abilities & MIR_CODE_CAN_WRITE_IN_PLACE) == 0) tap_skip ("not with this back end");
  REQUIRE (pthread_create (&thread, NULL, fork_often, &done) == 0);
  while (!atomic_load (&done)) {
    MIR_code_object_t object;
    MIR_code_segment_t segment = {.size = sizeof (segment),
                                  .access = MIR_CODE_READ_EXEC,
                                  .flags = MIR_CODE_IN_PLACE,
                                  .len = 30000};
    REQUIRE (MIR_code_object_reserve (space, &segment, 1, &object) == MIR_CODE_OK);
    CHECK_INT (MIR_code_object_commit (space, object, NULL), MIR_CODE_OK);
    CHECK_INT (MIR_code_object_free_now (space, object), MIR_CODE_OK);
  }
  pthread_join (thread, NULL);
  MIR_code_writer_finish (writer);
  MIR_code_space_finish (space);
}

int main (void) {
  TEST_RUN (threads_make_and_free_objects);
  TEST_RUN (every_back_end_and_level_holds_objects);
  TEST_RUN (an_allocator_that_leaves_loses_nothing);
  TEST_RUN (code_is_committed_in_place_while_others_fork);
  return tap_done ();
}
