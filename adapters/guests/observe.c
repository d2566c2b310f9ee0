/* Runs a driver: prints its rows of the table of guests, or tests its adapter.  Each run of the
   driver is a process of its own, because many libraries take their functions once only.  */
#define _GNU_SOURCE 1
#include <inttypes.h>
#include <stddef.h> /* offsetof */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guests/guest.h"
#include "guests/record.h"
#include "mir-heap.h"
#include "support/tap.h"

/* How a run ended, in memory that both processes have.  */
struct outcome {
  int has_ended; /* by itself, with a result */
  enum guest_result result;
  struct record record;     /* of a run on the recorder; on the adapter, what went around */
  MIR_stats_report_t stats; /* of a run on the adapter */
  size_t findings, live;    /* of the checking and the limit */
  uint64_t failed;
};

enum { REFUSALS_MAX = 300, SECONDS_MAX = 120, REFUSED_SECONDS_MAX = 20 };

/* What the child does: runs GUEST and writes the outcome.  */
typedef void (*job_t) (const struct guest *guest, const void *arg, struct outcome *outcome);

static struct outcome *shared;

/* Run JOB in a child; a crash or an endless run is an outcome without an end.  What libraries print
   there is nobody's business.  */
static struct outcome run (const struct guest *guest, job_t job, const void *arg, int is_quiet) {
  memset (shared, 0, sizeof (*shared));
  fflush (NULL);
  pid_t child = fork ();
  if (child == 0) {
    const struct rlimit no_core = {0, 0};
    setrlimit (RLIMIT_CORE, &no_core);
    alarm (SECONDS_MAX);
    if (is_quiet
        && (freopen ("/dev/null", "w", stdout) == NULL
            || freopen ("/dev/null", "w", stderr) == NULL))
      _exit (1);
    job (guest, arg, shared);
    shared->has_ended = 1;
    _exit (0);
  }
  int status = 0;
  if (child < 0 || waitpid (child, &status, 0) != child) {
    perror ("observe: no child");
    exit (1);
  }
  return *shared;
}

/*---------------- The table -----------------------------*/

static void on_recorder (const struct guest *guest, const void *arg, struct outcome *outcome) {
  const struct record_rules *rules = (const struct record_rules *) arg;
  if (rules->refused != 0) alarm (REFUSED_SECONDS_MAX); /* some wait forever then */
  record_begin (rules);
  outcome->result = guest->run (NULL);
  outcome->record = record_end ();
}

/* The refused call of the NUMBERth of at most POINTS refusals among REQUESTS.  */
static uint64_t refusal (uint64_t requests, uint64_t number, uint64_t points) {
  return requests <= points ? number + 1 : number * requests / points + 1;
}

/* How many of the refusals ended how.  */
struct refusals {
  unsigned clean, right, wrong, lost, ended;
};

static struct refusals refuse_each (const struct guest *guest, uint64_t requests) {
  struct refusals res = {0};
  uint64_t points = guest->points != 0 ? guest->points : REFUSALS_MAX;
  for (uint64_t i = 0; i < requests && i < points; i++) {
    struct record_rules rules = {.refused = refusal (requests, i, points)};
    struct outcome outcome = run (guest, on_recorder, &rules, 1);
    if (outcome.has_ended && outcome.record.failed == 0) continue;
    if (!outcome.has_ended)
      res.ended++;
    else if (outcome.record.live != 0 && !guest->keeps_blocks)
      res.lost++;
    else if (outcome.result == GUEST_NO_MEMORY)
      res.clean++;
    else if (outcome.result == GUEST_RIGHT)
      res.right++;
    else
      res.wrong++;
  }
  return res;
}

static const char *word_of (const struct outcome *outcome) {
  if (!outcome->has_ended) return "does not survive";
  return outcome->result == GUEST_RIGHT       ? "right"
         : outcome->result == GUEST_NO_MEMORY ? "error"
                                              : "wrong";
}

/* In one word: where a library ends, and how often, is no part of the table.  */
static const char *survival (const struct refusals *refusals) {
  return refusals->ended != 0   ? "no"
         : refusals->lost != 0  ? "loses-blocks"
         : refusals->wrong != 0 ? "goes-on"
         : refusals->right != 0 ? "recovers"
         : refusals->clean != 0 ? "clean"
                                : "not-tried";
}

static const char *claim (const struct guest *guest) {
  static const char *const words[] = {
      [GUEST_FAILS_CLEANLY] = "clean",   [GUEST_RECOVERS] = "recovers", [GUEST_GOES_ON] = "goes-on",
      [GUEST_NOT_ALWAYS] = "not-always", [GUEST_ENDS] = "ends",
  };
  return words[guest->refusals];
}

/* The figures of a row, in their order.  */
static const struct figure {
  const char *name;
  size_t offset; /* in a struct record, of an uint64_t */
} figures[] = {
    {"malloc", offsetof (struct record, mallocs)},
    {"calloc", offsetof (struct record, callocs)},
    {"realloc", offsetof (struct record, reallocs)},
    {"free", offsetof (struct record, frees)},
    {"null_free", offsetof (struct record, null_frees)},
    {"empty", offsetof (struct record, empty)},
    {"null_realloc", offsetof (struct record, null_reallocs)},
    {"empty_realloc", offsetof (struct record, empty_reallocs)},
    {"shrinks", offsetof (struct record, shrinks)},
    {"same", offsetof (struct record, same)},
    {"right_size", offsetof (struct record, right_sizes)},
    {"wrong_size", offsetof (struct record, wrong_sizes)},
    {"bytes", offsetof (struct record, bytes)},
    {"peak", offsetof (struct record, peak_bytes)},
    {"largest", offsetof (struct record, largest)},
    {"live", offsetof (struct record, live)},
    {"live_bytes", offsetof (struct record, live_bytes)},
    {"damaged", offsetof (struct record, damaged)},
    {"foreign", offsetof (struct record, foreign)},
    {"elsewhere", offsetof (struct record, elsewhere)},
    {"around", offsetof (struct record, around)},
    {"around_bytes", offsetof (struct record, around_bytes)},
};

/* Begin a line of KEY=VALUE, apart by tabs, with what one run counts.  */
static struct outcome print_figures (const struct guest *guest) {
  const struct record_rules rules = {0};
  struct outcome outcome = run (guest, on_recorder, &rules, 0);
  printf ("guest=%s\tversion=%s\tvaries=%d\tresult=%s", guest->name, guest_version (),
          guest->varies, word_of (&outcome));
  for (size_t i = 0; i < sizeof (figures) / sizeof (figures[0]); i++) {
    uint64_t figure;
    memcpy (&figure, (const char *) &outcome.record + figures[i].offset, sizeof (figure));
    printf ("\t%s=%" PRIu64, figures[i].name, figure);
  }
  return outcome;
}

/* End it with what became of the library when it was treated otherwise.  */
static void print_treatment (const struct guest *guest, const struct outcome *plain) {
  const struct record_rules off = {.is_off_by_8 = 1}, no_shrinks = {.refuses_shrinks = 1};
  struct outcome off_by_8 = run (guest, on_recorder, &off, 1);
  struct outcome unshrunk = run (guest, on_recorder, &no_shrinks, 1);
  struct refusals refusals = refuse_each (guest, plain->record.requests);
  int has_lost = unshrunk.result == GUEST_RIGHT && unshrunk.record.live > plain->record.live;
  printf ("\toff_by_8=%s\tno_shrinks=%s\tsurvives=%s\tclaim=%s", word_of (&off_by_8),
          has_lost ? "loses blocks" : word_of (&unshrunk), survival (&refusals), claim (guest));
}

/*---------------- The tests -----------------------------*/

static const struct guest *guest; /* whose tests run */

static void on_heap (const struct guest *of, const void *arg, struct outcome *outcome) {
  MIR_heap_t heap;
  MIR_stats_t stats;
  (void) arg;
  if (MIR_heap_create (&heap) != MIR_HEAP_OK
      || MIR_stats_create (&heap->alloc, &stats) != MIR_HEAP_OK)
    return;
  around_set (1);
  outcome->result = of->run (&stats->alloc);
  around_set (0);
  around_get (&outcome->record.around, &outcome->record.around_bytes);
  MIR_stats_get (stats, &outcome->stats);
  if (of->keeps_blocks) return;
  MIR_stats_finish (stats);
  MIR_heap_finish (heap);
}

static void on_checking (const struct guest *of, const void *arg, struct outcome *outcome) {
  MIR_checking_t checking;
  (void) arg;
  if (MIR_checking_create (NULL, NULL, &checking) != MIR_HEAP_OK) return;
  outcome->result = of->run (&checking->alloc);
  outcome->findings = MIR_checking_verify (checking);
  outcome->live = of->keeps_blocks ? 0 : MIR_checking_finish (checking);
}

/* ARG: the number of the call that fails.  */
static void on_failing (const struct guest *of, const void *arg, struct outcome *outcome) {
  MIR_failing_options_t options = {
      .size = sizeof (options), .nth = *(const uint64_t *) arg, .spare_shrinks = 1};
  MIR_stats_t stats;
  MIR_failing_t failing;
  if (MIR_stats_create (NULL, &stats) != MIR_HEAP_OK
      || MIR_failing_create (&stats->alloc, &options, &failing) != MIR_HEAP_OK)
    return;
  outcome->result = of->run (&failing->alloc);
  outcome->failed = MIR_failing_failed (failing);
  MIR_failing_finish (failing); /* its own block is one of those below */
  MIR_stats_get (stats, &outcome->stats);
}

/* ARG: the limit.  */
static void on_limit (const struct guest *of, const void *arg, struct outcome *outcome) {
  MIR_limit_options_t options = {.size = sizeof (options), .hard = *(const size_t *) arg};
  MIR_limit_t limit;
  if (MIR_limit_create (NULL, &options, &limit) != MIR_HEAP_OK) return;
  outcome->result = of->run (&limit->alloc);
  outcome->live = MIR_limit_bytes (limit);
}

static struct outcome recorded (void) {
  const struct record_rules rules = {0};
  return run (guest, on_recorder, &rules, 0);
}

static void works_in_a_heap_of_its_own (void) {
  struct outcome outcome = run (guest, on_heap, NULL, 0);
  CHECK (outcome.has_ended);
  CHECK_INT (outcome.result, GUEST_RIGHT);
  if (!guest->keeps_blocks) CHECK_INT (outcome.stats.live_blocks, 0);
}

static void keeps_the_contract (void) {
  struct outcome outcome = run (guest, on_checking, NULL, 0);
  CHECK (outcome.has_ended);
  CHECK_INT (outcome.result, GUEST_RIGHT);
  CHECK_INT (outcome.findings, 0);
  CHECK_INT (outcome.live, 0);
}

/* Within a tenth.  */
static int is_near (uint64_t a, uint64_t b) {
  return a <= b + b / 10 && b <= a + a / 10;
}

/* A library that kept its own allocator would make no call, and one that kept it in part would make
   more of those that go around.  */
static void every_call_comes_through_the_adapter (void) {
  struct outcome direct = recorded (), adapted = run (guest, on_heap, NULL, 0);
  const struct record *r = &direct.record;
  const MIR_stats_report_t *s = &adapted.stats;
  CHECK (direct.has_ended && adapted.has_ended);
  CHECK_INT (direct.result, GUEST_RIGHT);
  CHECK_INT (r->damaged + r->foreign + r->wrong_sizes, 0);
  uint64_t made = r->mallocs + r->callocs + r->null_reallocs, own = guest->own_blocks;
  CHECK (made > 0);
  CHECK (s->mallocs + s->callocs > own);
  CHECK (is_near (adapted.record.around, r->around));
  if (guest->varies) {
    CHECK (is_near (s->mallocs + s->callocs, made + own));
    CHECK (is_near (s->frees, r->frees + own));
    return;
  }
  CHECK_INT (s->mallocs + s->callocs, made + own);
  CHECK_INT (s->reallocs, r->reallocs);
  CHECK_INT (s->frees, r->frees + own);
}

static void every_refusal_is_an_error (void) {
  if (guest->refusals > GUEST_GOES_ON) tap_skip ("the library does not survive all of them");
  struct outcome whole = run (guest, on_heap, NULL, 0);
  uint64_t calls = whole.stats.mallocs + whole.stats.callocs + whole.stats.reallocs;
  uint64_t max = tap_scaled (REFUSALS_MAX);
  unsigned failed = 0;
  for (uint64_t i = 0; i < calls && i < max; i++) {
    uint64_t nth = calls <= max ? i + 1 : i * calls / max + 1;
    struct outcome outcome = run (guest, on_failing, &nth, 1);
    CHECK (outcome.has_ended);
    CHECK (outcome.result != GUEST_WRONG || guest->refusals == GUEST_GOES_ON);
    if (outcome.failed != 0 && guest->refusals == GUEST_FAILS_CLEANLY)
      CHECK_INT (outcome.result, GUEST_NO_MEMORY);
    if (guest->refusals <= GUEST_RECOVERS) CHECK_INT (outcome.stats.live_blocks, 0);
    failed += outcome.failed != 0;
  }
  CHECK (failed > 0);
}

static void a_limit_is_an_error (void) {
  struct outcome whole = run (guest, on_heap, NULL, 0);
  size_t peak = (size_t) whole.stats.peak_bytes, half = peak / 2;
  if (guest->varies) peak += half;
  struct outcome within = run (guest, on_limit, &peak, 0);
  CHECK (within.has_ended);
  CHECK_INT (within.result, GUEST_RIGHT);
  if (guest->refusals > GUEST_GOES_ON) return;
  struct outcome beyond = run (guest, on_limit, &half, 1);
  CHECK (beyond.has_ended);
  if (guest->refusals <= GUEST_RECOVERS) CHECK_INT (beyond.result, GUEST_NO_MEMORY);
  if (guest->refusals <= GUEST_RECOVERS) CHECK_INT (beyond.live, 0);
}

static void test_guest (void) {
  tap_note ("%s %s", guest->name, guest_version ());
  TEST_RUN (works_in_a_heap_of_its_own);
  TEST_RUN (keeps_the_contract);
  TEST_RUN (every_call_comes_through_the_adapter);
  TEST_RUN (every_refusal_is_an_error);
  TEST_RUN (a_limit_is_an_error);
}

static int usage (void) {
  fprintf (stderr, "observe: usage: DRIVER --row | --figures | --test\n");
  return 2;
}

static int has_worked (const struct outcome *outcome) {
  return outcome->has_ended && outcome->result == GUEST_RIGHT;
}

/* Test all guests; the exit status.  */
static int test_all (void) {
  for (guest = guests; guest->name != NULL; guest++) test_guest ();
  return tap_done ();
}

/* Print a line for each guest, with what became of it otherwise if IS_WHOLE.  The exit status: 1 if
   one has not done its work, or a line is lost.  */
static int print_all (int is_whole) {
  int status = 0;
  for (guest = guests; guest->name != NULL; guest++) {
    struct outcome outcome = print_figures (guest);
    if (is_whole) print_treatment (guest, &outcome);
    printf ("\n");
    if (!has_worked (&outcome)) status = 1;
  }
  if (fflush (stdout) == 0 && !ferror (stdout)) return status;
  fprintf (stderr, "observe: standard output: not all could be written\n");
  return 1;
}

/* --figures: a row's first part, from one run.  */
int main (int argc, char **argv) {
  const char *what = argc == 2 ? argv[1] : "";
  int is_test = strcmp (what, "--test") == 0, is_row = strcmp (what, "--row") == 0;
  if (!is_test && !is_row && strcmp (what, "--figures") != 0) return usage ();
  shared = (struct outcome *) mmap (NULL, sizeof (*shared), PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) {
    perror ("observe: no shared memory");
    return 1;
  }
  return is_test ? test_all () : print_all (is_row);
}
