/* Runs a driver: prints its rows of the table of guests, or tests its adapter.  Each run of the
   driver is a process of its own, because many libraries take their functions once only.  */
#define _GNU_SOURCE 1
#include <inttypes.h>
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
  struct record record;     /* of a run on the recorder */
  MIR_stats_report_t stats; /* of a run on the adapter */
  size_t findings, live;    /* of the checking and the limit */
  uint64_t failed;
};

enum { REFUSALS_MAX = 300, SECONDS_MAX = 120 };

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
  record_begin ((const struct record_rules *) arg);
  outcome->result = guest->run (NULL);
  outcome->record = record_end ();
}

/* The refused call of the NUMBERth of at most REFUSALS_MAX refusals among REQUESTS.  */
static uint64_t refusal (uint64_t requests, uint64_t number) {
  return requests <= REFUSALS_MAX ? number + 1 : number * requests / REFUSALS_MAX + 1;
}

struct refusals {
  unsigned tried, clean, right, wrong, lost, crashed;
};

static struct refusals refuse_each (const struct guest *guest, uint64_t requests) {
  struct refusals res = {0};
  for (uint64_t i = 0; i < requests && i < REFUSALS_MAX; i++) {
    struct record_rules rules = {.refused = refusal (requests, i)};
    struct outcome outcome = run (guest, on_recorder, &rules, 1);
    if (outcome.has_ended && outcome.record.failed == 0) continue;
    res.tried++;
    if (!outcome.has_ended)
      res.crashed++;
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

/* One line of KEY=VALUE, apart by tabs.  */
static void print_row (const struct guest *guest) {
  struct record_rules rules = {0}, off = {.is_off_by_8 = 1}, shrinks = {.refuses_shrinks = 1};
  struct outcome plain = run (guest, on_recorder, &rules, 0);
  struct outcome off_by_8 = run (guest, on_recorder, &off, 1);
  struct outcome no_shrinks = run (guest, on_recorder, &shrinks, 1);
  struct refusals refusals = refuse_each (guest, plain.record.requests);
  const struct record *r = &plain.record;
  printf ("guest=%s\tversion=%s\tresult=%s", guest->name, guest_version (), word_of (&plain));
  printf ("\tmalloc=%" PRIu64 "\tcalloc=%" PRIu64 "\trealloc=%" PRIu64 "\tfree=%" PRIu64,
          r->mallocs, r->callocs, r->reallocs, r->frees);
  printf ("\tnull_free=%" PRIu64 "\tempty=%" PRIu64 "\tnull_realloc=%" PRIu64
          "\tempty_realloc=%" PRIu64 "\tshrinks=%" PRIu64 "\tsame=%" PRIu64,
          r->null_frees, r->empty, r->null_reallocs, r->empty_reallocs, r->shrinks, r->same);
  printf ("\tright_size=%" PRIu64 "\twrong_size=%" PRIu64 "\tlive=%" PRIu64 "\tlive_bytes=%" PRIu64
          "\tpeak=%" PRIu64 "\tlargest=%" PRIu64,
          r->right_sizes, r->wrong_sizes, r->live, r->live_bytes, r->peak_bytes, r->largest);
  printf ("\tdamaged=%" PRIu64 "\tforeign=%" PRIu64 "\telsewhere=%" PRIu64 "\taround=%" PRIu64
          "\taround_bytes=%" PRIu64,
          r->damaged, r->foreign, r->elsewhere, r->around, r->around_bytes);
  printf (
      "\toff_by_8=%s\tno_shrinks=%s\trefusals=%u\tclean=%u\tunnoticed=%u\twrong=%u\tlost=%u\tended="
      "%u\n",
      word_of (&off_by_8), word_of (&no_shrinks), refusals.tried, refusals.clean, refusals.right,
      refusals.wrong, refusals.lost, refusals.crashed);
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
  outcome->result = of->run (&stats->alloc);
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

/* A library that kept its own allocator would make no call.  */
static void every_call_comes_through_the_adapter (void) {
  struct outcome direct = recorded (), adapted = run (guest, on_heap, NULL, 0);
  const struct record *r = &direct.record;
  const MIR_stats_report_t *s = &adapted.stats;
  CHECK (direct.has_ended && adapted.has_ended);
  CHECK_INT (direct.result, GUEST_RIGHT);
  CHECK_INT (r->damaged + r->foreign + r->wrong_sizes, 0);
  uint64_t made = r->mallocs + r->callocs + r->null_reallocs;
  CHECK (made > 0);
  CHECK (s->mallocs + s->callocs > 0);
  if (guest->varies) {
    CHECK (is_near (s->mallocs + s->callocs, made));
    CHECK (is_near (s->frees, r->frees));
    return;
  }
  CHECK_INT (s->mallocs + s->callocs, made);
  CHECK_INT (s->reallocs, r->reallocs);
  CHECK_INT (s->frees, r->frees);
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
    if (guest->refusals == GUEST_FAILS_CLEANLY) CHECK_INT (outcome.stats.live_blocks, 0);
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
  if (guest->refusals == GUEST_FAILS_CLEANLY) CHECK_INT (beyond.result, GUEST_NO_MEMORY);
  if (guest->refusals == GUEST_FAILS_CLEANLY) CHECK_INT (beyond.live, 0);
}

static int usage (void) {
  fprintf (stderr, "observe: usage: DRIVER --row | --test\n");
  return 2;
}

int main (int argc, char **argv) {
  int makes_row = argc == 2 && strcmp (argv[1], "--row") == 0;
  if (!makes_row && (argc != 2 || strcmp (argv[1], "--test") != 0)) return usage ();
  shared = (struct outcome *) mmap (NULL, sizeof (*shared), PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) {
    perror ("observe: no shared memory");
    return 1;
  }
  for (guest = guests; guest->name != NULL; guest++) {
    if (makes_row) {
      print_row (guest);
      continue;
    }
    tap_note ("%s %s", guest->name, guest_version ());
    TEST_RUN (works_in_a_heap_of_its_own);
    TEST_RUN (keeps_the_contract);
    TEST_RUN (every_call_comes_through_the_adapter);
    TEST_RUN (every_refusal_is_an_error);
    TEST_RUN (a_limit_is_an_error);
  }
  return makes_row ? 0 : tap_done ();
}
