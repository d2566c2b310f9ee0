/* Threads at the limit: they publish, free each other's code, patch what others run, fork, signal
   each other, leave the allocator by longjmp, and leave writers behind, while readers call the
   functions all the time; over each back end at each level.  TAP_SCALE=10000 is a long run.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "code/stress-fixture.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { WORDS_HOLD_FUNCTIONS = 1 }; /* so that MIR_code_patch may replace one which threads run */
#else
enum { WORDS_HOLD_FUNCTIONS = 0 };
#endif

enum {
  WORKERS = 4,
  READERS = 2,
  SLOTS = 64,
  BOXES = 64,
  OPERATIONS = 400, /* of each worker */
  FORK_EACH = 150,
  FORK_FIRST = 20,
  MAX_LEN = 70000,
  CHILD_WRONG = 1 /* exit statuses from here on are lines */
};

/* A function which every thread may run: its result says which slot it is in.  Freed with a grace
   period.  */
static _Atomic (uint8_t *) slots[SLOTS];

/* Code that one thread at a time owns: the one which has emptied the box.  Freed at once.  */
static struct box {
  atomic_int state; /* enum box_state */
  uint8_t *addr;
  size_t len;
  uint64_t seed;
} boxes[BOXES];
enum box_state { BOX_EMPTY, BOX_TAKEN, BOX_FULL };

static atomic_uint workers_left, left_open, signals_seen, signals_wrong, longjmps, forks;
static pthread_barrier_t all_known; /* of the workers, and of the thread that creates them */
static pthread_barrier_t all_done;

/*---------------- Functions -----------------------------*/

static uint32_t value_in (unsigned slot, uint64_t seed) {
  return slot << 16 | (uint32_t) (seed & 0xffff);
}

static void call_slot (unsigned slot) {
  uint8_t *func = atomic_load (&slots[slot]);
  if (func != NULL) EXPECT (code_call (func) >> 16 == slot);
}

static size_t random_len (void) {
  uint64_t r = stress_random ();
  return r % 100 == 0 ? 1 + (r >> 8) % MAX_LEN : CODE_LEN + (r >> 8) % (r % 10 == 0 ? 5000 : 600);
}

/* LEN bytes that follow from SEED and begin with a function if there is room for it.  */
static void fill (uint8_t *bytes, size_t len, uint64_t seed) {
  for (size_t i = 0; i < len; i++) bytes[i] = (uint8_t) (seed >> i % 7 * 8 ^ i);
  if (len >= CODE_LEN) code_returning (bytes, (uint32_t) seed);
}

static void check_contents (const uint8_t *addr, size_t len, uint64_t seed) {
  static _Thread_local uint8_t bytes[MAX_LEN];
  MIR_code_piece_t found = {.size = sizeof (found)};
  fill (bytes, len, seed);
  EXPECT (memcmp (addr, bytes, len) == 0);
  if (len >= CODE_LEN) EXPECT (code_call (addr) == (uint32_t) seed);
  EXPECT (MIR_code_query (stress_space, addr + stress_random () % len, &found) == MIR_CODE_OK);
  EXPECT (found.start == addr && found.len >= len && !found.freed && found.tag == seed);
}

/* Reserve, write and commit.  NULL: the reservation is older than a fork in another thread, and
   sealed; it has been aborted.  */
static uint8_t *reserve_and_commit (MIR_code_writer_t writer, const uint8_t *bytes, size_t len,
                                    const MIR_code_info_t *info) {
  size_t alignment = (size_t) 1 << stress_random () % 10, size = len + stress_random () % 100;
  MIR_code_place_t place = {.size = sizeof (place)};
  MIR_code_status_t status = MIR_code_reserve (writer, size, alignment, &place);
  EXPECT (status == MIR_CODE_OK);
  if (status != MIR_CODE_OK) return NULL;
  EXPECT ((uintptr_t) place.addr % alignment == 0);
  memcpy (place.buffer, bytes, len);
  if ((status = MIR_code_commit (writer, len, info)) == MIR_CODE_OK) return place.addr;
  EXPECT (status == MIR_CODE_WRITE_REFUSED && stress_options.protection == MIR_CODE_SEALED);
  EXPECT (MIR_code_abort (writer) == MIR_CODE_OK);
  return NULL;
}

/* Publish LEN bytes with WRITER, in one of the ways to do that.  */
static uint8_t *publish_with (MIR_code_writer_t writer, const uint8_t *bytes, size_t len,
                              uint64_t tag) {
  MIR_code_info_t info = {sizeof (info), "stress", tag};
  uint8_t *addr = NULL;
  if (stress_random () % 2 == 0) addr = reserve_and_commit (writer, bytes, len, &info);
  if (addr == NULL) EXPECT (MIR_code_publish (writer, bytes, len, &info, &addr) == MIR_CODE_OK);
  return addr;
}

/*---------------- Operations of a worker -----------------------------*/

/* Replace the function in a slot; another worker may have published the old one.  */
static void replace_slot (void) {
  static _Thread_local uint8_t bytes[MAX_LEN + CODE_LEN];
  unsigned slot = (unsigned) (stress_random () % SLOTS);
  size_t len = random_len ();
  if (len < CODE_LEN) len = CODE_LEN;
  fill (bytes, len, stress_random ());
  code_returning (bytes, value_in (slot, stress_random ()));
  uint8_t *func = publish_with (stress_self->writer, bytes, len, 0);
  EXPECT (func != NULL);
  uint8_t *old = atomic_exchange (&slots[slot], func);
  if (old == NULL) return;
  EXPECT (code_call (old) >> 16 == slot);
  EXPECT (MIR_code_free (stress_space, old) == MIR_CODE_OK);
}

/* Another worker may free the function meanwhile: it is reclaimed only later.  */
static void patch_slot (void) {
  unsigned slot = (unsigned) (stress_random () % SLOTS);
  uint8_t bytes[CODE_LEN], *func = atomic_load (&slots[slot]);
  if (func == NULL || !WORDS_HOLD_FUNCTIONS) return;
  code_returning (bytes, value_in (slot, stress_random ()));
  MIR_code_status_t status = MIR_code_patch (stress_space, func, bytes, CODE_LEN);
  EXPECT (status == MIR_CODE_OK || status == MIR_CODE_NOT_OURS || status == MIR_CODE_NOT_ATOMIC
          || (status == MIR_CODE_WRITE_REFUSED && stress_options.protection == MIR_CODE_SEALED));
  EXPECT (code_call (func) >> 16 == slot);
}

static int claim (struct box *box, int state) {
  return atomic_compare_exchange_strong (&box->state, &state, BOX_TAKEN);
}

/* Publish into a box, with WRITER.  */
static void fill_box (MIR_code_writer_t writer) {
  static _Thread_local uint8_t bytes[MAX_LEN];
  struct box *box = &boxes[stress_random () % BOXES];
  if (!claim (box, BOX_EMPTY)) return;
  box->len = stress_random () % 4 == 0 ? 1 + stress_random () % 40 : random_len ();
  box->seed = stress_random ();
  fill (bytes, box->len, box->seed);
  box->addr = publish_with (writer, bytes, box->len, box->seed);
  EXPECT (box->addr != NULL);
  atomic_store (&box->state, box->addr != NULL ? BOX_FULL : BOX_EMPTY);
}

/* Check what is in a box, change it or free it.  */
static void empty_box (struct box *box) {
  static _Thread_local uint8_t bytes[MAX_LEN];
  if (!claim (box, BOX_FULL)) return;
  check_contents (box->addr, box->len, box->seed);
  if (stress_random () % 4 == 0) {
    fill (bytes, box->len, box->seed ^ 1);
    MIR_code_status_t status = MIR_code_patch_stopped (stress_space, box->addr, bytes, box->len);
    fill (bytes, box->len, status == MIR_CODE_OK ? box->seed ^ 1 : box->seed);
    EXPECT (status == MIR_CODE_OK
            || (status == MIR_CODE_WRITE_REFUSED && stress_options.protection == MIR_CODE_SEALED));
    EXPECT (memcmp (box->addr, bytes, box->len) == 0);
    if (box->len >= CODE_LEN && status == MIR_CODE_OK)
      EXPECT (code_call (box->addr) == (uint32_t) (box->seed ^ 1));
  }
  MIR_code_status_t status = MIR_code_free_now (stress_space, box->addr);
  EXPECT (status == MIR_CODE_OK);
  atomic_store (&box->state, BOX_EMPTY);
}

/* Publish several functions at once, each replacing another.  */
static void publish_batch (void) {
  uint8_t bytes[CODE_LEN], *funcs[20];
  unsigned num = 1 + (unsigned) (stress_random () % 20), which[20];
  EXPECT (MIR_code_batch_begin (stress_self->writer) == MIR_CODE_OK);
  for (unsigned i = 0; i < num; i++) {
    which[i] = (unsigned) (stress_random () % SLOTS);
    code_returning (bytes, value_in (which[i], i));
    funcs[i] = publish_with (stress_self->writer, bytes, CODE_LEN, 0);
    EXPECT (funcs[i] != NULL);
  }
  EXPECT (MIR_code_batch_end (stress_self->writer) == MIR_CODE_OK);
  for (unsigned i = 0; i < num; i++) {
    uint8_t *old = atomic_exchange (&slots[which[i]], funcs[i]);
    if (old != NULL) EXPECT (MIR_code_free (stress_space, old) == MIR_CODE_OK);
  }
}

/* An allocation leaves by longjmp: nothing is published, and the writer works as before.  */
static void leave_by_longjmp (void) {
  static _Thread_local uint8_t bytes[MAX_LEN];
  uint8_t *volatile addr = NULL;
  size_t len = 1 + stress_random () % MAX_LEN;
  fill (bytes, len, 0);
  uint8_t *res = NULL;
  stress_self->leave_in = (long) (stress_random () % 2);
  if (setjmp (stress_self->leave) == 0) {
    if (MIR_code_publish (stress_self->writer, bytes, len, NULL, &res) == MIR_CODE_OK) addr = res;
  } else {
    atomic_fetch_add (&longjmps, 1);
  }
  stress_self->leave_in = -1;
  if (addr != NULL) EXPECT (MIR_code_free_now (stress_space, addr) == MIR_CODE_OK);
}

/* A thread with a writer of its own, which finishes it or does not.  */
static void *pass_by (void *arg) {
  struct stress_thread self = {.random = *(uint64_t *) arg, .leave_in = -1};
  MIR_code_place_t place = {.size = sizeof (place)};
  stress_self = &self;
  EXPECT (MIR_code_writer_create (stress_space, &self.writer) == MIR_CODE_OK);
  for (int i = 0; i < 10; i++) fill_box (self.writer);
  uint64_t end = stress_random () % 4;
  if (end == 0) {
    EXPECT (MIR_code_reserve (self.writer, 100, 0, &place) == MIR_CODE_OK);
    atomic_fetch_add (&left_open, 1);
  }
  if (end == 1) MIR_code_writer_finish (self.writer);
  stress_self = NULL;
  *(uint64_t *) arg = self.wrong;
  return NULL;
}

static void let_one_pass_by (void) {
  uint64_t seed_and_wrong = stress_random ();
  pthread_t thread;
  int created;
  stress_lock_all (); /* no fork meanwhile: creating a thread allocates */
  created = pthread_create (&thread, NULL, pass_by, &seed_and_wrong) == 0;
  stress_unlock_all ();
  EXPECT (created);
  if (!created) return;
  stress_go_offline ();
  EXPECT (pthread_join (thread, NULL) == 0);
  stress_quiesce ();
  EXPECT (seed_and_wrong == 0);
}

/*---------------- Forks -----------------------------*/

/* In a child, in which this is the only thread: all code runs, and everything works.  */
static int work_in_child (void) {
  enum { FUNCS = 20 };
  uint8_t bytes[CODE_LEN], *funcs[FUNCS];
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  int may_refuse = stress_options.protection == MIR_CODE_SEALED;
  stress_self->wrong = 0;
  for (unsigned i = 0; i < SLOTS; i++) call_slot (i);
  for (unsigned i = 0; i < FUNCS; i++) {
    code_returning (bytes, i);
    EXPECT ((funcs[i] = publish_with (stress_self->writer, bytes, CODE_LEN, 0)) != NULL);
    code_returning (bytes, i + 1000);
    EXPECT (MIR_code_patch_stopped (stress_space, funcs[i], bytes, CODE_LEN) == MIR_CODE_OK);
  }
  for (unsigned i = 0; i < FUNCS; i++) EXPECT (code_call (funcs[i]) == i + 1000);
  for (unsigned i = 0; i < FUNCS; i += 2)
    EXPECT (MIR_code_free_now (stress_space, funcs[i]) == MIR_CODE_OK);
  for (unsigned i = 0; i < SLOTS; i += 2) {
    uint8_t *func = atomic_exchange (&slots[i], NULL);
    if (func != NULL) EXPECT (MIR_code_free (stress_space, func) == MIR_CODE_OK);
  }
  MIR_code_status_t status = MIR_code_reclaim (stress_space, MIR_code_grace_begin (stress_space));
  EXPECT (status == MIR_CODE_OK || may_refuse);
  MIR_code_trim (stress_space);
  for (unsigned i = 0; i < SLOTS; i++) call_slot (i);
  for (unsigned i = 1; i < FUNCS; i += 2) EXPECT (code_call (funcs[i]) == i + 1000);
  EXPECT (mir_space_check (stress_space));
  MIR_code_get_stats (stress_space, &stats);
  EXPECT (stats.freed == 0 || may_refuse);
  return stress_self->wrong == 0 ? 0 : CHILD_WRONG + stress_self->line % 250;
}

static void fork_one (void) {
  int status = 0;
  pid_t pid = fork ();
  if (pid == 0) _exit (work_in_child ());
  EXPECT (pid > 0);
  if (pid < 0) return;
  atomic_fetch_add (&forks, 1);
  stress_go_offline ();
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR) {
  }
  stress_quiesce ();
  if (WIFEXITED (status) && WEXITSTATUS (status) != 0)
    stress_expect (0, 10000 + WEXITSTATUS (status) - CHILD_WRONG);
  else
    EXPECT (WIFEXITED (status));
}

/*---------------- Signals -----------------------------*/

/* In the middle of anything: published code may be called, and nothing else.  */
static void handle_signal (int signal_num) {
  int error = errno;
  (void) signal_num;
  if (stress_self != NULL && atomic_load (&stress_self->seen) != STRESS_OFFLINE)
    for (unsigned i = 0; i < SLOTS; i++) {
      uint8_t *func = atomic_load (&slots[i]);
      if (func != NULL && code_call (func) >> 16 != i) atomic_fetch_add (&signals_wrong, 1);
    }
  atomic_fetch_add (&signals_seen, 1);
  errno = error;
}

/*---------------- Hooks -----------------------------*/

static atomic_size_t hooked_bytes, hooked_published, hooked_freed;

static void count_mapped (void *user_data, uint8_t *start, size_t len) {
  (void) user_data;
  (void) start;
  atomic_fetch_add (&hooked_bytes, len);
}

static void count_unmapped (void *user_data, uint8_t *start, size_t len) {
  (void) user_data;
  (void) start;
  atomic_fetch_sub (&hooked_bytes, len);
}

static void count_published (void *user_data, const MIR_code_event_t *events, size_t num) {
  (void) user_data;
  (void) events;
  atomic_fetch_add (&hooked_published, num);
}

/* Lets another thread fork meanwhile.  */
static void count_freed (void *user_data, const MIR_code_event_t *event) {
  (void) user_data;
  (void) event;
  atomic_fetch_add (&hooked_freed, 1);
  sched_yield ();
}

static const MIR_code_hooks_t count_hooks = {.size = sizeof (count_hooks),
                                             .mapped = count_mapped,
                                             .unmapped = count_unmapped,
                                             .published = count_published,
                                             .freed = count_freed};

/*---------------- Threads -----------------------------*/

static void operate (void) {
  uint64_t r = stress_random () % 100;
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  if (r < 30)
    replace_slot ();
  else if (r < 45)
    fill_box (stress_self->writer);
  else if (r < 60)
    empty_box (&boxes[stress_random () % BOXES]);
  else if (r < 68)
    patch_slot ();
  else if (r < 72)
    publish_batch ();
  else if (r < 75)
    leave_by_longjmp ();
  else if (r < 77)
    let_one_pass_by ();
  else if (r < 87)
    pthread_kill (stress_threads[stress_random () % WORKERS].thread, SIGUSR1);
  else if (r < 97)
    stress_advance ();
  else if (r == 97)
    MIR_code_trim (stress_space);
  else if (r == 98)
    MIR_code_get_stats (stress_space, &stats);
  else if (r == 99)
    EXPECT (mir_space_check (stress_space));
}

static void *work (void *arg) {
  stress_self = (struct stress_thread *) arg;
  EXPECT (MIR_code_writer_create (stress_space, &stress_self->writer) == MIR_CODE_OK);
  /* From here on all threads can be sent signals: pthread_create may store a thread's identifier after
     the thread has begun.  */
  pthread_barrier_wait (&all_known);
  for (size_t n = 1; n <= tap_scaled (OPERATIONS); n++) {
    stress_quiesce ();
    operate ();
    call_slot ((unsigned) (stress_random () % SLOTS));
    if (n % FORK_EACH == FORK_FIRST) fork_one ();
  }
  stress_go_offline ();
  MIR_code_writer_finish (stress_self->writer);
  atomic_fetch_sub (&workers_left, 1);
  pthread_barrier_wait (&all_done); /* to here */
  return NULL;
}

static void *read_all (void *arg) {
  stress_self = (struct stress_thread *) arg;
  while (atomic_load (&workers_left) > 0) {
    stress_quiesce ();
    for (unsigned i = 0; i < SLOTS; i++) call_slot (i);
    sched_yield ();
  }
  stress_go_offline ();
  return NULL;
}

static void free_all (void) {
  for (unsigned i = 0; i < BOXES; i++) empty_box (&boxes[i]);
  for (unsigned i = 0; i < SLOTS; i++) {
    uint8_t *func = atomic_exchange (&slots[i], NULL);
    if (func != NULL) CHECK_INT (MIR_code_free_now (stress_space, func), MIR_CODE_OK);
  }
  CHECK_INT (MIR_code_reclaim (stress_space, MIR_code_grace_begin (stress_space)), MIR_CODE_OK);
  MIR_code_trim (stress_space);
}

static void threads_free_patch_fork_signal_and_leave (void) {
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  stress_start (WORKERS + READERS);
  atomic_store (&workers_left, WORKERS);
  hooked_bytes = hooked_published = hooked_freed = 0;
  left_open = signals_seen = signals_wrong = longjmps = forks = 0;
  REQUIRE (pthread_barrier_init (&all_known, NULL, WORKERS + 1) == 0);
  REQUIRE (pthread_barrier_init (&all_done, NULL, WORKERS) == 0);
  for (unsigned i = 0; i < WORKERS + READERS; i++) {
    struct stress_thread *thread = &stress_threads[i];
    REQUIRE (pthread_create (&thread->thread, NULL, i < WORKERS ? work : read_all, thread) == 0);
  }
  pthread_barrier_wait (&all_known);
  for (unsigned i = 0; i < WORKERS + READERS; i++) pthread_join (stress_threads[i].thread, NULL);
  pthread_barrier_destroy (&all_known);
  pthread_barrier_destroy (&all_done);
  free_all ();
  MIR_code_get_stats (stress_space, &stats);
  tap_note ("%s: %llu published, %llu patched, %u forks, %u signals, %u longjmps, %zu writers left",
            stats.backend, (unsigned long long) stats.published, (unsigned long long) stats.patched,
            forks, signals_seen, longjmps, stats.writers);
  CHECK (stats.pieces <= left_open);
  CHECK_INT (stats.freed, 0);
  CHECK_INT (signals_wrong, 0);
  if (stress_options.hooks != NULL) {
    CHECK_INT (hooked_bytes, stats.mapped_bytes);
    CHECK_INT (hooked_published, stats.published);
    CHECK_INT (hooked_freed, stats.published);
  }
  /* The memory of sealed files is kept, and so their mappings are.  */
  int keeps_mappings =
      stress_options.protection == MIR_CODE_SEALED && strcmp (stats.backend, "anon") != 0;
  if (left_open == 0 && !keeps_mappings) CHECK_INT (stats.mapped_bytes, 0);
  stress_finish ();
}

/*---------------- Statistics -----------------------------*/

static void *grow_a_writer (void *arg) {
  uint8_t bytes[CODE_LEN], *addr;
  MIR_code_place_t place = {.size = sizeof (place)};
  MIR_code_writer_t writer;
  stress_self = (struct stress_thread *) arg;
  EXPECT (MIR_code_writer_create (stress_space, &writer) == MIR_CODE_OK);
  code_returning (bytes, 1);
  EXPECT (MIR_code_batch_begin (writer) == MIR_CODE_OK);
  for (size_t i = 0; i < tap_scaled (5000); i++)
    EXPECT (MIR_code_publish (writer, bytes, CODE_LEN, NULL, &addr) == MIR_CODE_OK);
  EXPECT (MIR_code_batch_end (writer) == MIR_CODE_OK);
  for (size_t size = 1000; size < 2000000; size *= 2) {
    EXPECT (MIR_code_reserve (writer, size, 0, &place) == MIR_CODE_OK);
    code_returning (place.buffer, 2);
    EXPECT (MIR_code_commit (writer, CODE_LEN, NULL) == MIR_CODE_OK);
  }
  MIR_code_writer_finish (writer);
  atomic_fetch_sub (&workers_left, 1);
  return NULL;
}

/* For ThreadSanitizer.  */
static void statistics_are_read_while_writers_grow (void) {
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  size_t reads = 0;
  REQUIRE (stress_choose (MIR_CODE_RWX - 1, MIR_CODE_OPEN_ALIAS, MIR_CODE_KEEP));
  stress_start (2);
  atomic_store (&workers_left, 1);
  REQUIRE (pthread_create (&stress_threads[1].thread, NULL, grow_a_writer, &stress_threads[1])
           == 0);
  for (; atomic_load (&workers_left) > 0 || reads == 0; reads++)
    MIR_code_get_stats (stress_space, &stats);
  pthread_join (stress_threads[1].thread, NULL);
  tap_note ("read %zu times", reads);
  stress_finish ();
}

/*---------------- All of them -----------------------------*/

static void run_at (unsigned bit, MIR_code_protection_t level) {
  static const char *const levels[] = {"open_alias", "closed_alias", "no_alias", "sealed"};
  static unsigned kind;
  MIR_code_report_t report = {.size = sizeof (report)};
  char name[120];
  MIR_code_poison_t poison = (MIR_code_poison_t) (kind++ % 3);
  if (level == MIR_CODE_SEALED) poison = MIR_CODE_KEEP; /* what is sealed before a fork stays so */
  if (!stress_choose (bit, level, poison)) return;
  if (kind % 4 < 2) stress_options.hooks = &count_hooks;
  if (MIR_code_probe (&stress_options, &report) != MIR_CODE_OK) return;
  snprintf (name, sizeof (name), "%s_%s_threads_free_patch_fork_signal_and_leave", report.backend,
            levels[level]);
  tap_run (name, threads_free_patch_fork_signal_and_leave);
}

int main (void) {
  struct sigaction action;
  memset (&action, 0, sizeof (action));
  action.sa_handler = handle_signal;
  action.sa_flags = SA_RESTART;
  sigaction (SIGUSR1, &action, NULL);
  TEST_RUN (statistics_are_read_while_writers_grow);
  run_at (0, MIR_CODE_OPEN_ALIAS);
  for (unsigned bit = 1; bit <= MIR_CODE_RWX; bit <<= 1)
    for (int level = MIR_CODE_OPEN_ALIAS; level <= MIR_CODE_SEALED; level++)
      run_at (bit, (MIR_code_protection_t) level);
  return tap_done ();
}
