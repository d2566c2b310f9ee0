/* Grace periods: freed code can still be run until its period is over; then its place is poisoned
   and used again.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "code/space-fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

#include "support/child.h"

static void freed_code_runs_until_it_is_reclaimed (void) {
  MIR_code_piece_t piece = {.size = sizeof (piece)};
  start ();
  uint8_t *func = publish (1);
  CHECK_INT (MIR_code_free (space, func), MIR_CODE_OK);
  CHECK_INT (code_call (func), 1);
  REQUIRE (MIR_code_query (space, func + 1, &piece) == MIR_CODE_OK);
  CHECK_INT (piece.freed, 1);
  CHECK_INT (stats ().pieces, 0);
  CHECK_INT (stats ().freed, 1);
  CHECK_INT (stats ().freed_bytes, GRANULE);
  CHECK (publish (2) != func);
  CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
  CHECK_INT (MIR_code_query (space, func, &piece), MIR_CODE_NOT_OURS);
  CHECK_INT (stats ().freed, 0);
  CHECK_INT (stats ().freed_bytes, 0);
  finish ();
}

static void only_what_was_freed_before_its_begin_is_reclaimed (void) {
  enum { PERIODS = 10, EACH = 100 };
  uint8_t *funcs[PERIODS][EACH];
  MIR_code_grace_t graces[PERIODS];
  start ();
  for (unsigned i = 0; i < PERIODS; i++) {
    for (unsigned j = 0; j < EACH; j++) funcs[i][j] = publish (i * EACH + j);
    for (unsigned j = 0; j < EACH; j++) CHECK_INT (MIR_code_free (space, funcs[i][j]), MIR_CODE_OK);
    graces[i] = MIR_code_grace_begin (space);
  }
  for (unsigned i = 0; i < PERIODS; i++) {
    CHECK_INT (stats ().freed, (PERIODS - i) * EACH);
    for (unsigned k = i; k < PERIODS; k++)
      for (unsigned j = 0; j < EACH; j++) CHECK_INT (code_call (funcs[k][j]), k * EACH + j);
    CHECK_INT (MIR_code_reclaim (space, graces[i]), MIR_CODE_OK);
    CHECK (mir_space_check (space));
  }
  CHECK_INT (stats ().freed, 0);
  finish ();
}

/* Of more periods than are kept apart the last ones end together, and none ends early.  */
static void many_periods_wait_long_enough (void) {
  enum { MANY = 100 };
  uint8_t *funcs[MANY];
  MIR_code_grace_t graces[MANY];
  MIR_code_piece_t piece = {.size = sizeof (piece)};
  start ();
  for (unsigned i = 0; i < MANY; i++) {
    funcs[i] = publish (i);
    CHECK_INT (MIR_code_free (space, funcs[i]), MIR_CODE_OK);
    graces[i] = MIR_code_grace_begin (space);
  }
  for (unsigned i = 0; i < MANY; i++) {
    CHECK_INT (MIR_code_reclaim (space, graces[i]), MIR_CODE_OK);
    CHECK (stats ().freed >= MANY - 1 - i);
    CHECK (mir_space_check (space));
    for (unsigned k = i + 1; k < MANY; k++) {
      CHECK_INT (MIR_code_query (space, funcs[k], &piece), MIR_CODE_OK);
      CHECK_INT (code_call (funcs[k]), k);
    }
  }
  CHECK_INT (stats ().freed, 0);
  CHECK_INT (stats ().freed_bytes, 0);
  finish ();
}

static void nothing_is_freed_twice (void) {
  uint8_t other[64] = {0}, *addr;
  start ();
  uint8_t *func = publish (1), *now = publish (2);
  REQUIRE (publish_long (3, 100, &addr) == MIR_CODE_OK);
  CHECK_INT (MIR_code_free (space, func), MIR_CODE_OK);
  CHECK_INT (MIR_code_free (space, func), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_free_now (space, func), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_free_now (space, now), MIR_CODE_OK);
  CHECK_INT (MIR_code_free_now (space, now), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_free (space, now), MIR_CODE_NOT_OURS);
  uint8_t *bad[] = {NULL, other, addr + 1, addr + GRANULE, addr + 4096, addr - 1};
  for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
    CHECK_INT (MIR_code_free (space, bad[i]), MIR_CODE_NOT_OURS);
    CHECK_INT (MIR_code_free_now (space, bad[i]), MIR_CODE_NOT_OURS);
  }
  CHECK_INT (code_call (addr), 3);
  finish ();
}

static void freeing_needs_no_memory (void) {
  enum { FUNCS = 3000 };
  static uint8_t *funcs[FUNCS];
  start ();
  for (unsigned i = 0; i < FUNCS; i++) funcs[i] = publish (i);
  probe_alloc_fail_after (&data, 0, 1);
  for (unsigned i = 0; i < FUNCS; i++) CHECK_INT (MIR_code_free (space, funcs[i]), MIR_CODE_OK);
  CHECK_INT (stats ().freed, FUNCS);
  CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
  CHECK (MIR_code_trim (space) > 0);
  CHECK_INT (stats ().mapped_bytes, 0);
  finish ();
}

/*---------------- Poison -----------------------------*/

/* The number of bytes, among the LEN ones published at ADDR, which have changed.  */
static size_t count_changed (const uint8_t *addr, const uint8_t *was, size_t len) {
  size_t n = 0;
  for (size_t i = 0; i < len; i++) n += addr[i] != was[i];
  return n;
}

static void check_poison (MIR_code_poison_t poison, size_t at_least, size_t at_most) {
  enum { LEN = 300 };
  uint8_t bytes[LEN], *addr, *beside;
  memset (bytes, 0x77, LEN);
  set_defaults ();
  options.poison = poison;
  start_with_options ();
  for (int now = 0; now < 2; now++) {
    REQUIRE (MIR_code_publish (writer, bytes, LEN, NULL, &addr) == MIR_CODE_OK);
    REQUIRE (MIR_code_publish (writer, bytes, LEN, NULL, &beside) == MIR_CODE_OK);
    if (now) {
      CHECK_INT (MIR_code_free_now (space, addr), MIR_CODE_OK);
    } else {
      CHECK_INT (MIR_code_free (space, addr), MIR_CODE_OK);
      CHECK_INT (count_changed (addr, bytes, LEN), 0);
      CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
    }
    size_t changed = count_changed (addr, bytes, LEN);
    CHECK (changed >= at_least && changed <= at_most);
    CHECK_INT (count_changed (beside, bytes, LEN), 0);
  }
  finish ();
}

static void poison_is_where_the_options_want_it (void) {
  check_poison (MIR_CODE_KEEP, 0, 0);
  check_poison (MIR_CODE_POISON_ENTRY, 4, 16);
  check_poison (MIR_CODE_POISON_ALL, 300, 300);
}

static uint8_t *poisoned;

static int call_poisoned (void) {
  return (int) code_call (poisoned);
}

static void a_call_of_poisoned_code_ends_the_process (void) {
  set_defaults ();
  options.poison = MIR_CODE_POISON_ENTRY;
  start_with_options ();
  poisoned = publish (1);
  CHECK_INT (MIR_code_free_now (space, poisoned), MIR_CODE_OK);
  CHECK (is_trap (run_child (call_poisoned, NULL, 0)));
  finish ();
}

/* Free a block of LEN bytes at once, or with a grace period, and refuse the N-th protection.  Returns
   whether that failed.  */
static int poison_refused_at (long n, size_t len, MIR_code_poison_t poison, int at_once) {
  static uint8_t before[20000];
  MIR_code_piece_t piece = {.size = sizeof (piece)};
  uint8_t *func;
  set_defaults ();
  probe_code_alloc_init (&pages);
  over_pages = 1;
  options.code_alloc = &pages.alloc;
  options.poison = poison;
  start_with_options ();
  REQUIRE (publish_long (7, len, &func) == MIR_CODE_OK);
  memcpy (before, func, len);
  if (!at_once) CHECK_INT (MIR_code_free (space, func), MIR_CODE_OK);
  MIR_code_grace_t grace = MIR_code_grace_begin (space);
  pages.fail_protect_in = n;
  MIR_code_status_t status =
      at_once ? MIR_code_free_now (space, func) : MIR_code_reclaim (space, grace);
  pages.fail_protect_in = -1;
  if (status != MIR_CODE_OK) {
    CHECK_INT (status, MIR_CODE_WRITE_REFUSED);
    REQUIRE (memcmp (func, before, len) == 0);
    CHECK_INT (code_call (func), 7);
    REQUIRE (MIR_code_query (space, func, &piece) == MIR_CODE_OK);
    CHECK_INT (piece.freed, !at_once);
    CHECK (probe_code_all_closed (&pages));
    CHECK_INT (at_once ? MIR_code_free_now (space, func) : MIR_code_reclaim (space, grace),
               MIR_CODE_OK);
  }
  CHECK_INT (MIR_code_query (space, func, &piece), MIR_CODE_NOT_OURS);
  CHECK (memcmp (func, before, CODE_LEN) != 0);
  finish ();
  return status != MIR_CODE_OK;
}

static void refused_poison_leaves_the_code_as_it_was (void) {
  static const size_t lens[] = {CODE_LEN, 300, 20000};
  for (size_t i = 0; i < 3; i++)
    for (int kind = 0; kind < 4; kind++) {
      long n = 0;
      while (n < 20
             && poison_refused_at (
                 n, lens[i], kind % 2 ? MIR_CODE_POISON_ALL : MIR_CODE_POISON_ENTRY, kind / 2))
        n++;
      CHECK (n > 0 && n < 20);
    }
}

static void refused_poison_keeps_the_block (void) {
  start_flip ();
  MIR_code_space_finish (space);
  options.poison = MIR_CODE_POISON_ENTRY;
  start_with_options ();
  uint8_t *one = publish (1), *two = publish (2);
  CHECK_INT (MIR_code_free (space, two), MIR_CODE_OK);
  MIR_code_grace_t grace = MIR_code_grace_begin (space);
  pages.fail_protect_in = 0;
  pages.fail_protect_forever = 1;
  CHECK_INT (MIR_code_free_now (space, one), MIR_CODE_WRITE_REFUSED);
  CHECK_INT (MIR_code_reclaim (space, grace), MIR_CODE_WRITE_REFUSED);
  pages.fail_protect_in = -1;
  pages.fail_protect_forever = 0;
  CHECK_INT (code_call (one), 1);
  CHECK_INT (stats ().pieces, 1);
  CHECK_INT (stats ().freed, 1);
  CHECK_INT (MIR_code_free_now (space, one), MIR_CODE_OK);
  CHECK_INT (MIR_code_reclaim (space, grace), MIR_CODE_OK);
  CHECK_INT (stats ().freed, 0);
  finish ();
}

/*---------------- Hooks -----------------------------*/

struct seen {
  size_t mapped, unmapped, published, freed, calls;
  MIR_code_event_t last;
  char name[20];
};

static void note_mapped (void *user_data, uint8_t *start, size_t len) {
  (void) start;
  ((struct seen *) user_data)->mapped += len;
}
static void note_unmapped (void *user_data, uint8_t *start, size_t len) {
  (void) start;
  ((struct seen *) user_data)->unmapped += len;
}
static void note_published (void *user_data, const MIR_code_event_t *events, size_t num) {
  struct seen *seen = (struct seen *) user_data;
  seen->published += num;
  seen->calls++;
  seen->last = events[num - 1];
  if (seen->last.name != NULL) snprintf (seen->name, sizeof (seen->name), "%s", seen->last.name);
}
static void note_freed (void *user_data, const MIR_code_event_t *event) {
  struct seen *seen = (struct seen *) user_data;
  seen->freed++;
  seen->last = *event;
}

static void hooks_see_everything (void) {
  static struct seen seen;
  static const MIR_code_hooks_t hooks = {sizeof (hooks), note_mapped, note_unmapped,
                                         note_published, note_freed,  &seen};
  MIR_code_info_t info = {sizeof (info), "name", 9};
  uint8_t code[CODE_LEN], *addr;
  memset (&seen, 0, sizeof (seen));
  set_defaults ();
  options.hooks = &hooks;
  start_with_options ();
  code_returning (code, 1);
  REQUIRE (MIR_code_publish (writer, code, CODE_LEN, &info, &addr) == MIR_CODE_OK);
  CHECK_INT (seen.mapped, stats ().mapped_bytes);
  CHECK_INT (seen.published, 1);
  CHECK_PTR (seen.last.start, addr);
  CHECK_INT (seen.last.size, CODE_LEN);
  CHECK_INT (seen.last.tag, 9);
  CHECK_STR (seen.name, "name");
  REQUIRE (MIR_code_batch_begin (writer) == MIR_CODE_OK);
  for (int i = 0; i < 5; i++) REQUIRE (publish (2) != NULL);
  CHECK_INT (seen.published, 1);
  REQUIRE (MIR_code_batch_end (writer) == MIR_CODE_OK);
  CHECK_INT (seen.published, 6);
  CHECK_INT (seen.calls, 2);
  CHECK_INT (MIR_code_free (space, addr), MIR_CODE_OK);
  CHECK_INT (seen.freed, 0);
  CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
  CHECK_INT (seen.freed, 1);
  CHECK_PTR (seen.last.start, addr);
  CHECK_INT (seen.last.tag, 9);
  finish ();
  CHECK_INT (seen.unmapped, seen.mapped);
}

static void hooks_are_told_once_when_poison_was_refused (void) {
  static struct seen seen;
  static const MIR_code_hooks_t hooks = {sizeof (hooks), NULL, NULL, NULL, note_freed, &seen};
  memset (&seen, 0, sizeof (seen));
  start_flip ();
  MIR_code_space_finish (space);
  options.poison = MIR_CODE_POISON_ENTRY;
  options.hooks = &hooks;
  start_with_options ();
  uint8_t *one = publish (1), *two = publish (2);
  CHECK_INT (MIR_code_free (space, two), MIR_CODE_OK);
  MIR_code_grace_t grace = MIR_code_grace_begin (space);
  pages.fail_protect_in = 0;
  pages.fail_protect_forever = 1;
  CHECK_INT (MIR_code_free_now (space, one), MIR_CODE_WRITE_REFUSED);
  CHECK_INT (MIR_code_reclaim (space, grace), MIR_CODE_WRITE_REFUSED);
  CHECK_INT (seen.freed, 0);
  pages.fail_protect_in = -1;
  pages.fail_protect_forever = 0;
  CHECK_INT (MIR_code_free_now (space, one), MIR_CODE_OK);
  CHECK_INT (MIR_code_reclaim (space, grace), MIR_CODE_OK);
  CHECK_INT (seen.freed, 2);
  finish ();
}

/*---------------- Threads -----------------------------*/

enum { SLOTS = 50, CALLERS = 2 };

static MIR_code_cell_t *slots[SLOTS];
static atomic_uint running[CALLERS]; /* odd while the caller loops over the slots */
static atomic_int stop;
static atomic_size_t calls, wrong;

static void *call_slots (void *arg) {
  unsigned number = (unsigned) (uintptr_t) arg;
  size_t n = 0, bad = 0;
  while (!atomic_load (&stop)) {
    atomic_fetch_add (&running[number], 1);
    for (unsigned i = 0; i < SLOTS; i++, n++)
      bad += code_call (MIR_code_cell_get (slots[i])) % SLOTS != i;
    atomic_fetch_add (&running[number], 1);
  }
  atomic_fetch_add (&calls, n);
  atomic_fetch_add (&wrong, bad);
  return NULL;
}

/* Wait until every caller has been quiescent, outside its loop over the slots.  */
static void wait_for_grace (void) {
  for (int i = 0; i < CALLERS; i++) {
    unsigned was = atomic_load (&running[i]);
    while (was % 2 != 0 && atomic_load (&running[i]) == was) sched_yield ();
  }
}

static void code_is_replaced_under_running_callers (void) {
  pthread_t threads[CALLERS];
  set_defaults ();
  options.poison = MIR_CODE_POISON_ALL;
  start_with_options ();
  for (unsigned i = 0; i < SLOTS; i++)
    REQUIRE (MIR_code_cell_new (space, publish (i), &slots[i]) == MIR_CODE_OK);
  atomic_store (&stop, 0);
  for (unsigned i = 0; i < CALLERS; i++)
    REQUIRE (pthread_create (&threads[i], NULL, call_slots, (void *) (uintptr_t) i) == 0);
  for (unsigned round = 1; round <= tap_scaled (2000); round++) {
    for (unsigned i = 0; i < SLOTS; i++) {
      void *old = MIR_code_cell_get (slots[i]);
      MIR_code_cell_set (slots[i], publish (round * SLOTS + i));
      CHECK_INT (MIR_code_free (space, old), MIR_CODE_OK);
    }
    MIR_code_grace_t grace = MIR_code_grace_begin (space);
    wait_for_grace ();
    CHECK_INT (MIR_code_reclaim (space, grace), MIR_CODE_OK);
  }
  atomic_store (&stop, 1);
  for (unsigned i = 0; i < CALLERS; i++) pthread_join (threads[i], NULL);
  tap_note ("%zu calls", (size_t) calls);
  CHECK_INT (wrong, 0);
  CHECK_INT (stats ().pieces, SLOTS);
  finish ();
}

int main (void) {
  TEST_RUN (freed_code_runs_until_it_is_reclaimed);
  TEST_RUN (only_what_was_freed_before_its_begin_is_reclaimed);
  TEST_RUN (many_periods_wait_long_enough);
  TEST_RUN (nothing_is_freed_twice);
  TEST_RUN (freeing_needs_no_memory);
  TEST_RUN (poison_is_where_the_options_want_it);
  TEST_RUN (a_call_of_poisoned_code_ends_the_process);
  TEST_RUN (refused_poison_keeps_the_block);
  TEST_RUN (refused_poison_leaves_the_code_as_it_was);
  TEST_RUN (hooks_see_everything);
  TEST_RUN (hooks_are_told_once_when_poison_was_refused);
  TEST_RUN (code_is_replaced_under_running_callers);
  return tap_done ();
}
