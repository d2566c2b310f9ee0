/* The task "publish and free": one thread compiles, another runs what is newest.  */
#include <mir-code.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

#include "support/machine-code.h" /* stands for your code generator */
#include "support/tap.h"

/* Compile a function into the memory of WRITER, whose thread this is.  */
static MIR_code_status_t compile (MIR_code_writer_t writer, unsigned value, void **func) {
  MIR_code_place_t place = {.size = sizeof (place)};
  MIR_code_info_t info = {.size = sizeof (info), .name = "answer", .tag = value};
  MIR_code_status_t status = MIR_code_reserve (writer, CODE_LEN, 0, &place);
  if (status != MIR_CODE_OK) return status;
  code_returning (place.buffer, value); /* written here, for the address place.addr */
  status = MIR_code_commit (writer, CODE_LEN, &info);
  if (status == MIR_CODE_OK)
    *func = place.addr;
  else
    MIR_code_abort (writer); /* a failed commit leaves the reservation */
  return status;
}

/* Compile several functions that are needed together: one system call at most, one barrier.  */
static MIR_code_status_t compile_all (MIR_code_writer_t writer, unsigned num, void **funcs) {
  MIR_code_status_t status = MIR_code_batch_begin (writer), end;
  for (unsigned i = 0; status == MIR_CODE_OK && i < num; i++)
    status = compile (writer, i, &funcs[i]);
  end = MIR_code_batch_end (writer); /* only now they may be run */
  return status != MIR_CODE_OK ? status : end;
}

/*---------------- Replacing code that runs -----------------------------*/

static _Atomic (void *) newest;
static atomic_uint rounds; /* of the thread that runs code: it is quiescent between two */
static atomic_int ended;

static void *run_newest (void *wrong) {
  unsigned last = 0;
  while (!ended) {
    unsigned value = code_call (newest); /* loaded once, and not kept */
    if (value < last) ++*(int *) wrong;
    last = value;
    rounds++;
  }
  return NULL;
}

/* Put a new function in the place of the newest, and free that as soon as nobody can be in it.  */
static MIR_code_status_t replace (MIR_code_space_t space, MIR_code_writer_t writer,
                                  unsigned value) {
  void *old = newest, *func = NULL;
  MIR_code_status_t status = compile (writer, value, &func);
  if (status != MIR_CODE_OK) return status;
  newest = func;
  MIR_code_free (space, old); /* may still be running */
  MIR_code_grace_t grace = MIR_code_grace_begin (space);
  for (unsigned from = rounds; rounds - from < 2;)
    sched_yield ();                       /* it has passed a quiescent state */
  return MIR_code_reclaim (space, grace); /* its place may be used again */
}

/*---------------- The test -----------------------------*/

static void functions_come_and_go (void) {
  MIR_code_space_t space;
  MIR_code_writer_t writer;
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  pthread_t thread;
  void *func;
  int wrong = 0;
  REQUIRE (MIR_code_space_create (NULL, &space) == MIR_CODE_OK);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  REQUIRE (compile (writer, 1, &func) == MIR_CODE_OK);
  newest = func;
  REQUIRE (pthread_create (&thread, NULL, run_newest, &wrong) == 0);
  for (unsigned value = 2; value < 100; value++)
    CHECK (replace (space, writer, value) == MIR_CODE_OK);
  ended = 1;
  pthread_join (thread, NULL);
  CHECK_INT (wrong, 0);
  CHECK_INT (code_call (newest), 99);
  REQUIRE (MIR_code_get_stats (space, &stats) == MIR_CODE_OK);
  CHECK_INT (stats.pieces, 1);
  CHECK_INT (stats.freed, 0);
  MIR_code_writer_finish (writer);
  MIR_code_space_finish (space);
}

static void a_batch_is_published_together (void) {
  MIR_code_space_t space;
  MIR_code_writer_t writer;
  void *funcs[20];
  REQUIRE (MIR_code_space_create (NULL, &space) == MIR_CODE_OK);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  REQUIRE (compile_all (writer, 20, funcs) == MIR_CODE_OK);
  for (unsigned i = 0; i < 20; i++) CHECK_INT (code_call (funcs[i]), i);
  for (unsigned i = 0; i < 20; i++) CHECK (MIR_code_free_now (space, funcs[i]) == MIR_CODE_OK);
  MIR_code_writer_finish (writer);
  MIR_code_space_finish (space);
}

int main (void) {
  TEST_RUN (functions_come_and_go);
  TEST_RUN (a_batch_is_published_together);
  return tap_done ();
}
