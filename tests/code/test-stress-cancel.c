/* Threads that are cancelled while they publish, change and free code: no lock, no descriptor and no
   mapping is lost; over each back end at each level, before and after a fork.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "code/stress-fixture.h"

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/child.h"

enum { ROUNDS = 10, LONG = 100000, HANG_SECONDS = 20 }; /* an alarm ends a child that hangs */

static MIR_code_writer_t writer; /* of the cancelled thread */
static uint8_t *funcs[ROUNDS], bytes[LONG];

/*---------------- Operations -----------------------------*/

static void publish_short (unsigned i) {
  (void) MIR_code_publish (writer, bytes, CODE_LEN, NULL, &funcs[i]);
}

static void publish_long (unsigned i) {
  (void) MIR_code_publish (writer, bytes, LONG, NULL, &funcs[i]);
}

static void reserve_and_commit (unsigned i) {
  MIR_code_place_t place = {.size = sizeof (place)};
  (void) i;
  if (MIR_code_reserve (writer, LONG, 64, &place) != MIR_CODE_OK) return;
  memcpy (place.buffer, bytes, LONG);
  (void) MIR_code_commit (writer, LONG, NULL);
}

static void publish_batch (unsigned i) {
  (void) MIR_code_batch_begin (writer);
  for (int k = 0; k < 20; k++) publish_short (i);
  (void) MIR_code_batch_end (writer);
}

static void change (unsigned i) {
  (void) MIR_code_patch_stopped (stress_space, funcs[i], bytes, CODE_LEN);
  (void) MIR_code_patch (stress_space, funcs[i], bytes, 1);
}

static void free_at_once (unsigned i) {
  (void) MIR_code_free_now (stress_space, funcs[i]);
}

static void free_with_grace (unsigned i) {
  (void) MIR_code_free (stress_space, funcs[i]);
  (void) MIR_code_reclaim (stress_space, MIR_code_grace_begin (stress_space));
}

static void trim (unsigned i) {
  (void) MIR_code_free_now (stress_space, funcs[i]);
  (void) MIR_code_trim (stress_space);
}

static void create_writer (unsigned i) {
  MIR_code_writer_t other;
  (void) i;
  if (MIR_code_writer_create (stress_space, &other) == MIR_CODE_OK) MIR_code_writer_finish (other);
}

static void create_space (unsigned i) {
  MIR_code_space_t other;
  (void) i;
  if (MIR_code_space_create (&stress_options, &other) == MIR_CODE_OK) MIR_code_space_finish (other);
}

static const struct {
  const char *name;
  void (*run) (unsigned i);
} operations[] = {
    {"publish", publish_short},
    {"publish, long", publish_long},
    {"reserve", reserve_and_commit},
    {"batch", publish_batch},
    {"change", change},
    {"free_now", free_at_once},
    {"reclaim", free_with_grace},
    {"trim", trim},
    {"writer", create_writer},
    {"space", create_space},
};
enum { OPERATIONS = sizeof (operations) / sizeof (operations[0]) };

/*---------------- Cancelling -----------------------------*/

/* The cancellation is pending: the first cancellation point acts on it.  */
static void *be_cancelled (void *arg) {
  unsigned which = *(const unsigned *) arg;
  if (MIR_code_writer_create (stress_space, &writer) != MIR_CODE_OK) return NULL;
  for (unsigned i = 0; i < ROUNDS; i++) publish_long (i);
  pthread_cancel (pthread_self ());
  for (unsigned i = 0; i < ROUNDS; i++) operations[which].run (i);
  pthread_testcancel ();
  return NULL;
}

/* The descriptors of this process; 0 if the system does not list them.  */
static size_t count_descriptors (void) {
  DIR *dir = opendir ("/proc/self/fd");
  size_t num = 0;
  if (dir == NULL) return 0;
  while (readdir (dir) != NULL) num++;
  closedir (dir);
  return num;
}

static size_t mapped_now;

static void add_mapped (void *user_data, uint8_t *start, size_t len) {
  (void) user_data;
  (void) start;
  mapped_now += len;
}

static const MIR_code_hooks_t adding_hooks = {.size = sizeof (MIR_code_hooks_t),
                                              .mapped = add_mapped};

/* Whether every thread can still do everything.  */
static int space_works (void) {
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  MIR_code_writer_t own;
  uint8_t *func;
  if (MIR_code_writer_create (stress_space, &own) != MIR_CODE_OK) return 0;
  for (uint32_t i = 0; i < 10; i++) {
    uint8_t code[CODE_LEN];
    code_returning (code, i);
    if (MIR_code_publish (own, code, CODE_LEN, NULL, &func) != MIR_CODE_OK) return 0;
    if (code_call (func) != i) return 0;
    code_returning (code, i + 1);
    if (MIR_code_patch_stopped (stress_space, func, code, CODE_LEN) != MIR_CODE_OK) return 0;
    if (code_call (func) != i + 1) return 0;
    if (MIR_code_free_now (stress_space, func) != MIR_CODE_OK) return 0;
  }
  MIR_code_writer_finish (own);
  MIR_code_trim (stress_space);
  if (!mir_space_check (stress_space)) return 0;
  mapped_now = 0;
  MIR_code_set_hooks (stress_space, &adding_hooks);
  MIR_code_set_hooks (stress_space, NULL);
  MIR_code_get_stats (stress_space, &stats);
  return stats.mapped_bytes == mapped_now;
}

static void fork_once (void) {
  pid_t pid = fork ();
  if (pid == 0) _exit (0);
  if (pid > 0) waitpid (pid, NULL, 0);
}

/* In a child.  0, or 1 + the operation after which something was wrong.  */
static int cancel_in_each_operation (void) {
  alarm (HANG_SECONDS);
  code_returning (bytes, 7);
  stress_start (1);
  stress_self = NULL;
  for (unsigned which = 0; which < OPERATIONS; which++)
    for (int forked = 0; forked < 2; forked++) {
      size_t descriptors = count_descriptors ();
      pthread_t thread;
      void *result;
      if (forked) fork_once ();
      if (pthread_create (&thread, NULL, be_cancelled, &which) != 0) return 100;
      if (pthread_join (thread, &result) != 0 || result != PTHREAD_CANCELED) return 101;
      if (!space_works () || count_descriptors () != descriptors) return 1 + (int) which;
    }
  MIR_code_space_finish (stress_space);
  return 0;
}

static void a_cancelled_thread_takes_nothing_with_it (void) {
  struct child_end end = run_child (cancel_in_each_operation, NULL, 0);
  if (end.status > 0 && end.status <= OPERATIONS)
    tap_note ("wrong after a thread was cancelled in %s", operations[end.status - 1].name);
  CHECK_INT (end.signal, 0); /* SIGALRM: it hung */
  CHECK_INT (end.status, 0);
}

static void run_at (unsigned bit, MIR_code_protection_t level) {
  static const char *const levels[] = {"open_alias", "closed_alias", "no_alias", "sealed"};
  MIR_code_report_t report = {.size = sizeof (report)};
  char name[120];
  if (!stress_choose (bit, level, MIR_CODE_KEEP)) return;
  if (MIR_code_probe (&stress_options, &report) != MIR_CODE_OK) return;
  snprintf (name, sizeof (name), "%s_%s_a_cancelled_thread_takes_nothing_with_it", report.backend,
            levels[level]);
  tap_run (name, a_cancelled_thread_takes_nothing_with_it);
}

int main (void) {
  run_at (0, MIR_CODE_OPEN_ALIAS);
  for (unsigned bit = 1; bit <= MIR_CODE_RWX; bit <<= 1)
    for (int level = MIR_CODE_OPEN_ALIAS; level <= MIR_CODE_SEALED; level++)
      run_at (bit, (MIR_code_protection_t) level);
  return tap_done ();
}
