/* The slices of a range, against a model, and the choice between huge and small pages.  */
#include <string.h>

#include "heap/huge-pages.h"
#include "heap/slices.h"
#include "support/tap.h"

enum { NUM = 512, WORDS = NUM / 64 };

static uint64_t bits[5][WORDS];
static struct mir_slices slices = {.num = NUM,
                                   .open = bits[0],
                                   .taken = bits[1],
                                   .kept = bits[2],
                                   .huge = bits[3],
                                   .empty = bits[4]};

/* What the bits should be.  */
static struct {
  char open, taken, kept, empty;
} model[NUM];

static void clear (void) {
  memset (bits, 0, sizeof (bits));
  memset (model, 0, sizeof (model));
}

static struct mir_slice_run random_run (size_t max) {
  size_t num = 1 + (size_t) (tap_random () % max);
  return (struct mir_slice_run) {(size_t) (tap_random () % (NUM - num + 1)), num};
}

static void compare (void) {
  size_t taken = 0, kept = 0, longest = 0, run = 0;
  for (size_t i = 0; i < NUM; i++) {
    taken += (size_t) model[i].taken;
    kept += (size_t) model[i].kept;
    run = model[i].taken ? 0 : run + 1;
    if (run > longest) longest = run;
    struct mir_slice_run one = {i, 1};
    CHECK_INT (mir_slices_are_open (&slices, one), model[i].open);
  }
  CHECK_INT (mir_slices_taken_num (&slices, (struct mir_slice_run) {0, NUM}), taken);
  CHECK_INT (mir_slices_kept_num (&slices), kept);
  if (longest != 0) CHECK (mir_slices_have_free (&slices, longest));
  CHECK (!mir_slices_have_free (&slices, longest + 1));
}

static void take_randomly (void) {
  struct mir_slice_run run = random_run (40);
  size_t kept = 0;
  struct mir_slice_run steps = mir_slices_steps_to_open (&slices, run);
  if (mir_slices_are_open (&slices, run))
    CHECK_INT (steps.num, 0);
  else {
    CHECK (steps.first % MIR_STEP_SLICES == 0 && steps.num % MIR_STEP_SLICES == 0);
    size_t closed = 0;
    for (size_t i = steps.first; i < steps.first + steps.num; i++) closed += !model[i].open;
    CHECK_INT (mir_slices_open (&slices, steps), closed);
    for (size_t i = steps.first; i < steps.first + steps.num; i++) model[i].open = 1;
  }
  CHECK (mir_slices_are_open (&slices, run));
  for (size_t i = run.first; i < run.first + run.num; i++) {
    kept += (size_t) model[i].kept;
    model[i].kept = 0;
    model[i].taken = 1;
  }
  CHECK_INT (mir_slices_take (&slices, run), kept);
  if (tap_random () % 4 != 0) return;
  mir_slices_set_empty (&slices, run);
  for (size_t i = run.first; i < run.first + run.num; i++) model[i].empty = 1;
}

static void return_randomly (void) {
  struct mir_slice_run run = random_run (40);
  size_t kept = 0, taken = 0;
  for (size_t i = run.first; i < run.first + run.num; i++) {
    taken += (size_t) model[i].taken;
    kept += !model[i].kept;
    model[i].kept = 1;
    model[i].taken = 0;
  }
  CHECK_INT (mir_slices_taken_num (&slices, run), taken);
  CHECK_INT (mir_slices_return (&slices, run), kept);
  for (;;) {
    struct mir_slice_run empty = mir_slices_next_empty (&slices, run);
    if (empty.num == 0) break;
    for (size_t i = empty.first; i < empty.first + empty.num; i++) {
      CHECK (model[i].empty);
      model[i].kept = model[i].empty = 0;
    }
    mir_slices_drop (&slices, empty);
  }
  for (size_t i = run.first; i < run.first + run.num; i++) CHECK (!model[i].empty);
}

static void drop_randomly (void) {
  int whole = tap_random () % 2 == 0;
  size_t max = whole ? 64 + (size_t) (tap_random () % 64) : 1 + (size_t) (tap_random () % 64);
  size_t bound = 1 + (size_t) (tap_random () % NUM);
  struct mir_slice_run run = mir_slices_find_kept (&slices, bound, max, whole);
  CHECK (run.num <= max && run.first + run.num <= bound);
  if (whole)
    CHECK (run.num == 0 || (run.first % MIR_STEP_SLICES == 0 && run.num % MIR_STEP_SLICES == 0));
  for (size_t i = run.first; i < run.first + run.num; i++) CHECK (model[i].kept);
  if (run.num == 0 && !whole)
    for (size_t i = 0; i < bound; i++) CHECK (!model[i].kept);
  mir_slices_drop (&slices, run);
  for (size_t i = run.first; i < run.first + run.num; i++) model[i].kept = 0;
}

static void random_operations_agree_with_a_model (void) {
  clear ();
  for (size_t i = 0; i < tap_scaled (20000); i++) {
    static void (*const steps[]) (void) = {take_randomly, return_randomly, return_randomly,
                                           drop_randomly};
    steps[tap_random () % 4]();
    if (i % 16 == 0) compare ();
  }
  compare ();
}

static void whole_steps_are_dropped_from_the_top (void) {
  struct mir_slice_run all = {0, NUM}, hole = {100, 1};
  clear ();
  mir_slices_open (&slices, all);
  mir_slices_take (&slices, all);
  mir_slices_return (&slices, all);
  CHECK_INT (mir_slices_take (&slices, hole), 1);
  size_t dropped = 0, above = NUM;
  for (;;) {
    struct mir_slice_run run = mir_slices_find_kept (&slices, above, 64, 1);
    if (run.num == 0) break;
    mir_slices_drop (&slices, run);
    CHECK (run.first + run.num <= above);
    above = run.first;
    dropped += run.num;
  }
  CHECK_INT (dropped, NUM - MIR_STEP_SLICES); /* all but the step of the hole */
  CHECK_INT (mir_slices_find_kept (&slices, NUM, 64, 0).first, 101);
}

/*---------------- Pages -----------------------------*/

static const size_t MB = 1024 * 1024;

static void huge_pages_are_tried_once_and_kept_while_they_pay (void) {
  struct mir_huge_pages pages = {.asked = MIR_HEAP_PAGES_MEASURED};
  CHECK (!mir_huge_pages_are_wanted (&pages, 100 * MB)); /* nothing to compare with */
  mir_huge_pages_note_small (&pages, MIR_STEP / 2, 500);
  CHECK_INT (pages.small_cost, 1000);
  CHECK (!mir_huge_pages_are_wanted (&pages, 31 * MB));
  CHECK (mir_huge_pages_are_wanted (&pages, 32 * MB));
  mir_huge_pages_note_huge (&pages, 32 * MB, 700, 1);
  CHECK (mir_huge_pages_are_wanted (&pages, 17 * MB));
  mir_huge_pages_note_huge (&pages, 17 * MB, 1100, 1);
  CHECK (
      mir_huge_pages_are_wanted (&pages, 18 * MB)); /* one that is a little slow does not count */
  mir_huge_pages_note_huge (&pages, 18 * MB, 700, 1);
  mir_huge_pages_note_huge (&pages, 18 * MB, 1100, 1);
  CHECK (mir_huge_pages_are_wanted (&pages, 19 * MB));
  mir_huge_pages_note_huge (&pages, 19 * MB, 1100, 1);
  CHECK (!mir_huge_pages_are_wanted (&pages, 37 * MB));
  CHECK (mir_huge_pages_are_wanted (&pages, 38 * MB)); /* twice as large: another trial */
}

static void a_very_slow_huge_page_is_enough (void) {
  struct mir_huge_pages pages = {.asked = MIR_HEAP_PAGES_MEASURED};
  mir_huge_pages_note_small (&pages, MIR_STEP, 1000);
  mir_huge_pages_note_huge (&pages, 16 * MB, 500, 1);
  CHECK (mir_huge_pages_are_wanted (&pages, 17 * MB));
  mir_huge_pages_note_huge (&pages, 17 * MB, 2001, 1);
  CHECK (!mir_huge_pages_are_wanted (&pages, 18 * MB));
}

static void huge_pages_that_the_system_does_not_give_are_not_wanted (void) {
  struct mir_huge_pages pages = {.asked = MIR_HEAP_PAGES_MEASURED};
  mir_huge_pages_note_small (&pages, MIR_STEP, 1000);
  mir_huge_pages_note_huge (&pages, 16 * MB, 2, 0);
  CHECK (!mir_huge_pages_are_wanted (&pages, 31 * MB));
  CHECK (mir_huge_pages_are_wanted (&pages, 32 * MB));
}

static void an_embedder_may_decide (void) {
  struct mir_huge_pages pages = {.asked = MIR_HEAP_PAGES_HUGE};
  CHECK (mir_huge_pages_are_wanted (&pages, MB));
  mir_huge_pages_note_huge (&pages, MB, 1000000, 0);
  CHECK (mir_huge_pages_are_wanted (&pages, MB));
  pages.asked = MIR_HEAP_PAGES_SMALL;
  CHECK (!mir_huge_pages_are_wanted (&pages, 1000 * MB));
}

int main (void) {
  TEST_RUN (random_operations_agree_with_a_model);
  TEST_RUN (whole_steps_are_dropped_from_the_top);
  TEST_RUN (huge_pages_are_tried_once_and_kept_while_they_pay);
  TEST_RUN (a_very_slow_huge_page_is_enough);
  TEST_RUN (huge_pages_that_the_system_does_not_give_are_not_wanted);
  TEST_RUN (an_embedder_may_decide);
  return tap_done ();
}
