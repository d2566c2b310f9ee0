/* Forks over each back end: no process sees what another one publishes, frees or changes after a
   fork, and nothing is lost when the system has no memory to keep them apart.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "code/backend-list.h"
#include "code/query.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/child.h"
#include "support/machine-code.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

static const struct mir_backend *backend; /* the one under test */
static struct probe_alloc data;
static MIR_code_space_t space;
static MIR_code_writer_t writer;

static void start_with_poison (MIR_code_protection_t protection, MIR_code_poison_t poison) {
  probe_alloc_init (&data);
  MIR_code_options_t options = {.size = sizeof (options),
                                .alloc = &data.alloc,
                                .backends = backend->bit,
                                .protection = protection,
                                .poison = poison};
  if (MIR_code_space_create (&options, &space) != MIR_CODE_OK)
    tap_skip ("%s: not on this system", backend->name);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
}

static void start_with (MIR_code_protection_t protection) {
  start_with_poison (protection, MIR_CODE_KEEP);
}

static void start (void) {
  start_with (MIR_CODE_OPEN_ALIAS);
}

static void finish (void) {
  CHECK (mir_space_check (space));
  MIR_code_space_finish (space); /* and with it the writer */
  CHECK_INT (probe_alloc_finish (&data), 0);
}

static uint8_t *publish (unsigned value) {
  uint8_t bytes[CODE_LEN], *res = NULL;
  code_returning (bytes, value);
  return MIR_code_publish (writer, bytes, CODE_LEN, NULL, &res) == MIR_CODE_OK ? res : NULL;
}

static MIR_code_status_t change (uint8_t *func, unsigned value) {
  uint8_t bytes[CODE_LEN];
  code_returning (bytes, value);
  return MIR_code_patch_stopped (space, func, bytes, CODE_LEN);
}

static void published_code_runs_and_can_be_changed (void) {
  enum { FUNCS = 500 };
  uint8_t *funcs[FUNCS];
  start ();
  for (unsigned i = 0; i < FUNCS; i++) REQUIRE ((funcs[i] = publish (i)) != NULL);
  for (unsigned i = 0; i < FUNCS; i += 2) CHECK_INT (change (funcs[i], i + 1000), MIR_CODE_OK);
  for (unsigned i = 0; i < FUNCS; i++) CHECK_INT (code_call (funcs[i]), i % 2 == 0 ? i + 1000 : i);
  finish ();
}

/*---------------- Forks -----------------------------*/

enum { FORK_FUNCS = 1000 };
static uint8_t *fork_funcs[FORK_FUNCS];

static void publish_all (void) {
  for (unsigned i = 0; i < FORK_FUNCS; i++) REQUIRE ((fork_funcs[i] = publish (i)) != NULL);
}

/* Change every function to FIRST + its index and publish as many new ones.  Returns how many are
   wrong.  */
static unsigned change_all (unsigned first) {
  unsigned wrong = 0;
  for (unsigned i = 0; i < FORK_FUNCS; i++) {
    uint8_t *fresh = publish (first + i);
    wrong += change (fork_funcs[i], first + i) != MIR_CODE_OK;
    wrong += fresh == NULL || code_call (fresh) != first + i;
    wrong += code_call (fork_funcs[i]) != first + i;
  }
  return wrong;
}

static unsigned count_wrong (unsigned first) {
  unsigned wrong = 0;
  for (unsigned i = 0; i < FORK_FUNCS; i++) wrong += code_call (fork_funcs[i]) != first + i;
  return wrong;
}

/* Wait until the other process has written its byte.  */
static void wait_for (int end) {
  char byte;
  while (read (end, &byte, 1) < 0) {
  }
}

static void processes_do_not_see_each_others_code (void) {
  int to_child[2], to_parent[2], status;
  start ();
  publish_all ();
  REQUIRE (pipe (to_child) == 0 && pipe (to_parent) == 0);
  fflush (stdout);
  pid_t pid = fork ();
  REQUIRE (pid >= 0);
  if (pid == 0) {
    unsigned wrong = count_wrong (0) + change_all (100000);
    (void) !write (to_parent[1], "c", 1);
    wait_for (to_child[0]); /* the parent has changed its code */
    wrong += count_wrong (100000);
    _exit (wrong != 0);
  }
  wait_for (to_parent[0]);
  unsigned corrupted = count_wrong (0);
  tap_note ("%s: %u of %d functions corrupted by the child", backend->name, corrupted, FORK_FUNCS);
  CHECK_INT (corrupted, 0);
  CHECK_INT (change_all (200000), 0);
  CHECK (write (to_child[1], "p", 1) == 1);
  REQUIRE (waitpid (pid, &status, 0) == pid);
  CHECK (WIFEXITED (status) && WEXITSTATUS (status) == 0);
  CHECK_INT (count_wrong (200000), 0);
  for (int i = 0; i < 2; i++) close (to_child[i]), close (to_parent[i]);
  finish ();
}

/* Free all functions but the last: the slab stays, and its pages are discarded.  */
static int free_and_trim (void) {
  unsigned refused = 0;
  for (unsigned i = 0; i + 1 < FORK_FUNCS; i++)
    refused += MIR_code_free_now (space, fork_funcs[i]) != MIR_CODE_OK;
  MIR_code_trim (space);
  return refused != 0 || code_call (fork_funcs[FORK_FUNCS - 1]) != FORK_FUNCS - 1;
}

static void memory_given_back_by_one_process_stays_with_the_other (void) {
  start ();
  publish_all ();
  CHECK_INT (run_child (free_and_trim, NULL, 0).status, 0);
  CHECK_INT (count_wrong (0), 0);
  CHECK_INT (free_and_trim (), 0); /* nor here: a child may be running the code */
  finish ();
}

static int free_all_and_finish (void) {
  for (unsigned i = 0; i < FORK_FUNCS; i++)
    if (MIR_code_free_now (space, fork_funcs[i]) != MIR_CODE_OK) return 1;
  MIR_code_trim (space);
  MIR_code_space_finish (space);
  return 0;
}

static void a_sealed_space_finished_in_a_child_stays_with_the_parent (void) {
  start_with (MIR_CODE_SEALED);
  publish_all ();
  CHECK_INT (run_child (free_all_and_finish, NULL, 0).status, 0);
  CHECK_INT (count_wrong (0), 0);
  finish ();
}

static int reserve_and_commit (void) {
  MIR_code_place_t place = {.size = sizeof (place)};
  if (MIR_code_reserve (writer, CODE_LEN, 0, &place) != MIR_CODE_OK) return 1;
  code_returning (place.buffer, 7);
  if (MIR_code_commit (writer, CODE_LEN, NULL) != MIR_CODE_OK) return 2;
  return code_call (place.addr) == 7 ? 0 : 3;
}

static void sealed_spaces_have_room_for_reservations_after_a_fork (void) {
  start_with (MIR_CODE_SEALED);
  REQUIRE (publish (1) != NULL);
  CHECK_INT (run_child (reserve_and_commit, NULL, 0).status, 0);
  CHECK_INT (reserve_and_commit (), 0);
  finish ();
}

/* In a child: code sealed before the fork cannot be poisoned; code published after it is reclaimed
   nevertheless.  */
static int reclaim_what_can_be_written (void) {
  uint8_t *after = publish (8);
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  if (MIR_code_free (space, fork_funcs[0]) != MIR_CODE_OK) return 1;
  if (after == NULL || MIR_code_free (space, after) != MIR_CODE_OK) return 2;
  MIR_code_grace_t grace = MIR_code_grace_begin (space);
  if (MIR_code_reclaim (space, grace) != MIR_CODE_WRITE_REFUSED) return 3;
  (void) MIR_code_get_stats (space, &stats);
  return stats.freed == 1 && mir_space_check (space) ? 0 : 4;
}

static void code_which_cannot_be_poisoned_does_not_delay_the_rest (void) {
  start_with_poison (MIR_CODE_SEALED, MIR_CODE_POISON_ENTRY);
  publish_all ();
  CHECK_INT (run_child (reclaim_what_can_be_written, NULL, 0).status, 0);
  finish ();
}

/* In a child: there are no addresses left for private memory after the fork, or for a copy.  */
static int write_without_address_space (void) {
  uint8_t *func = fork_funcs[0];
  if (refuse_address_space () != 0) return 77;
  MIR_code_status_t status = change (func, 2);
  if (status == MIR_CODE_OK) return code_call (func) == 2 ? 0 : 2;
  if (status != MIR_CODE_NO_ADDRESS_SPACE) return 3;
  return code_call (func) == 1 && code_call (func) == 1 ? 0 : 4;
}

static void refused_address_space_changes_nothing (void) {
  start ();
  fork_funcs[0] = publish (1);
  REQUIRE (fork_funcs[0] != NULL);
  int status = run_child (write_without_address_space, NULL, 0).status;
  if (status == 77) tap_skip ("no such limit here");
  CHECK_INT (status, 0);
  CHECK_INT (code_call (fork_funcs[0]), 1);
  finish ();
}

static void every_fork_keeps_contexts_usable (void) {
  start ();
  uint8_t *func = publish (0);
  for (unsigned i = 1; i <= 20; i++) {
    int status;
    fflush (stdout);
    pid_t pid = fork ();
    REQUIRE (pid >= 0);
    if (pid == 0) _exit (change (func, 99) != MIR_CODE_OK || code_call (func) != 99);
    CHECK_INT (change (func, i), MIR_CODE_OK);
    REQUIRE (waitpid (pid, &status, 0) == pid);
    CHECK (WIFEXITED (status) && WEXITSTATUS (status) == 0);
    CHECK_INT (code_call (func), i);
  }
  finish ();
}

/*---------------- All of them -----------------------------*/

static void run_named (const char *name, void (*test) (void)) {
  char full[100];
  snprintf (full, sizeof (full), "%s_%s", backend->name, name);
  tap_run (full, test);
}

int main (void) {
  for (int i = 0; mir_backends[i] != NULL; i++) {
    backend = mir_backends[i];
#define RUN(NAME) run_named (#NAME, NAME)
    RUN (published_code_runs_and_can_be_changed);
    RUN (processes_do_not_see_each_others_code);
    RUN (memory_given_back_by_one_process_stays_with_the_other);
    RUN (a_sealed_space_finished_in_a_child_stays_with_the_parent);
    RUN (sealed_spaces_have_room_for_reservations_after_a_fork);
    RUN (code_which_cannot_be_poisoned_does_not_delay_the_rest);
    RUN (refused_address_space_changes_nothing);
    RUN (every_fork_keeps_contexts_usable);
#undef RUN
  }
  return tap_done ();
}
