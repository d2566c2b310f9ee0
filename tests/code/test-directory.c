/* The directory of slabs while it changes: a find is interrupted by a signal whose handler adds and
   removes slabs, and sees them as they were before or as they are after.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "code/directory.h"
#include "code/types.h"
#include "os/os.h"
#include "support/tap.h"

enum { SLAB = 64 * 1024, SLABS = 4, KEPT = SLABS - 1 /* it stays; those below it come and go */ };

static struct mir_directory directory;
static struct mir_pool pools[SLABS];
static struct mir_slab slabs[SLABS];

static uintptr_t start_of (int i) {
  return (uintptr_t) (i + 1) * SLAB;
}

static uintptr_t last_of (int i) {
  return start_of (i) + SLAB - 1;
}

/* The directory is empty, with room for all slabs.  */
static void start (void) {
  void *memory = malloc (mir_directory_array_size (SLABS));
  REQUIRE (memory != NULL);
  memset (&directory, 0, sizeof (directory));
  CHECK_PTR (mir_directory_move (&directory, memory, SLABS), NULL);
  for (int i = 0; i < SLABS; i++) {
    slabs[i].pages.rx = (uint8_t *) start_of (i);
    slabs[i].pages.len = SLAB;
    slabs[i].pool = &pools[i];
  }
}

static void finish (void) {
  free (atomic_load (&directory.array));
}

static int is_found (int i, uintptr_t addr) {
  struct mir_directory_find found;
  return mir_directory_find (&directory, addr, &found) == 0 && found.slab == &slabs[i]
         && found.pool == &pools[i];
}

/*---------------- In the middle of a find -----------------------------*/

enum { INTERVAL = 30 }; /* microseconds */

static volatile sig_atomic_t interruptions, is_enough;
static unsigned wrong;

/* Have the next signal come soon.  A timer that repeats could leave no time between two signals.  */
static void arm (void) {
  struct itimerval soon = {.it_value = {.tv_usec = INTERVAL}};
  (void) setitimer (ITIMER_REAL, &soon, NULL);
}

/* The other slabs come or go, so that the entry of KEPT moves.  */
static void interrupt (int number) {
  int are_there = atomic_load (&directory.num) > 1;
  (void) number;
  if (is_enough) return; /* what was on its way when the timer stopped */
  for (int i = 0; i < KEPT; i++)
    if (are_there)
      mir_directory_remove (&directory, &slabs[i]);
    else
      mir_directory_add (&directory, &slabs[i]);
  interruptions++;
  arm ();
}

static void find_kept (void) {
  struct mir_directory_find found;
  wrong += !is_found (KEPT, last_of (KEPT));
  if (mir_directory_find (&directory, start_of (1), &found) == 0)
    wrong += found.slab != &slabs[1] || found.pool != &pools[1];
}

static void a_slab_is_found_while_others_come_and_go (void) {
  static const struct itimerval never;
  struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
  size_t enough = tap_scaled (5000) + 500;
  start ();
  mir_directory_add (&directory, &slabs[KEPT]);
  wrong = 0;
  is_enough = 0;
  REQUIRE (sigaction (SIGALRM, &action, NULL) == 0);
  arm ();
  while ((size_t) interruptions < enough) find_kept ();
  is_enough = 1;
  REQUIRE (setitimer (ITIMER_REAL, &never, NULL) == 0);
  CHECK_INT (wrong, 0);
  finish ();
}

/* A find during a change waits for its end: until then what it reads may be half of each state.  */
static atomic_int is_over;

static void *find_once (void *arg) {
  (void) is_found (0, start_of (0));
  atomic_store (&is_over, 1);
  return arg;
}

static void a_find_waits_for_the_end_of_a_change (void) {
  pthread_t thread;
  start ();
  mir_directory_add (&directory, &slabs[0]);
  atomic_store (&is_over, 0);
  atomic_fetch_add (&directory.changes, 1);
  REQUIRE (pthread_create (&thread, NULL, find_once, NULL) == 0);
  uint64_t begun = mir_os_now ();
  int ended = 0;
  while (mir_os_now () - begun < 20) ended |= atomic_load (&is_over);
  CHECK_INT (ended, 0);
  atomic_fetch_add (&directory.changes, 1);
  pthread_join (thread, NULL);
  CHECK_INT (atomic_load (&is_over), 1);
  finish ();
}

/*---------------- Room and places -----------------------------*/

static void promised_entries_take_room (void) {
  start ();
  for (int i = 0; i + 1 < SLABS; i++) mir_directory_add (&directory, &slabs[i]);
  CHECK (mir_directory_has_room (&directory));
  directory.promised = 1;
  CHECK (!mir_directory_has_room (&directory));
  directory.promised = 0;
  mir_directory_add (&directory, &slabs[KEPT]);
  CHECK (!mir_directory_has_room (&directory));
  finish ();
}

static void overlaps_are_exact (void) {
  start ();
  mir_directory_add (&directory, &slabs[1]);
  mir_directory_add (&directory, &slabs[2]);
  CHECK (!mir_directory_overlaps (&directory, start_of (0), SLAB));
  CHECK (mir_directory_overlaps (&directory, start_of (0), SLAB + 1));
  CHECK (mir_directory_overlaps (&directory, last_of (2), 1));
  CHECK (!mir_directory_overlaps (&directory, last_of (2) + 1, 1));
  CHECK (mir_directory_overlaps (&directory, start_of (1), 1));
  CHECK (mir_directory_overlaps (&directory, 1, SIZE_MAX));
  finish ();
}

static void slabs_are_found_by_each_of_their_bytes_only (void) {
  struct mir_directory_find found;
  start ();
  for (int i = 0; i < SLABS; i += 2) mir_directory_add (&directory, &slabs[i]);
  for (int tries = 0; tries < 2; tries++) /* the second time by the hint */
    for (int i = 0; i < SLABS; i++) {
      int is_there = i % 2 == 0;
      CHECK_INT (is_found (i, start_of (i)), is_there);
      CHECK_INT (is_found (i, last_of (i)), is_there);
    }
  CHECK_INT (mir_directory_find (&directory, start_of (0) - 1, &found), -1);
  CHECK_INT (mir_directory_find (&directory, last_of (KEPT) + 1, &found), -1);
  finish ();
}

int main (void) {
  TEST_RUN (slabs_are_found_by_each_of_their_bytes_only);
  TEST_RUN (promised_entries_take_room);
  TEST_RUN (overlaps_are_exact);
  TEST_RUN (a_find_waits_for_the_end_of_a_change);
  TEST_RUN (a_slab_is_found_while_others_come_and_go);
  return tap_done ();
}
