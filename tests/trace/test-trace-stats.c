/* mir-report --json prints for a trace the numbers that a statistics allocator directly below the
   trace counts.  Argument: mir-report.  Linux.  */
#define _GNU_SOURCE /* popen */
#include <inttypes.h>
#include <pthread.h>

#include "mir-heap.h"
#include "trace/trace-fixture.h"

enum { SLOTS = 200, JSON_MAX = 20000 };

static const char *report_program;
static MIR_stats_t stats;
static MIR_failing_t failing;
static struct slot {
  void *block;
  size_t size;
} slots[SLOTS];

/*---------------- Both sides -----------------------------*/

/* Stack a trace over statistics over an allocator that refuses every FAIL_EVERYth call; 0: none.
   FAIL_EVERY is not 1.  Shrinks are spared: after a refused one the block keeps its size, of which
   the statistics know and the trace, which is told only that the shrink succeeded, does not.  */
static void begin_both (unsigned fail_every) {
  MIR_failing_options_t failures = {
      .size = sizeof (failures), .every = fail_every, .spare_shrinks = 1};
  MIR_trace_options_t options = {.size = sizeof (options), .file = trace_path};
  REQUIRE (MIR_failing_create (NULL, &failures, &failing) == MIR_HEAP_OK);
  REQUIRE (MIR_stats_create (&failing->alloc, &stats) == MIR_HEAP_OK);
  options.alloc = &stats->alloc;
  REQUIRE (MIR_trace_create (&options, &trace) == MIR_TRACE_OK);
  traced = MIR_trace_alloc (trace);
  memset (slots, 0, sizeof (slots));
}

/* The number after the first "NAME": in JSON; -1 if there is none.  */
static long long number_of (const char *json, const char *name) {
  char key[40];
  const char *found;
  snprintf (key, sizeof (key), "\"%s\": ", name);
  found = strstr (json, key);
  return found == NULL ? -1 : strtoll (found + strlen (key), NULL, 10);
}

static void read_json (char json[JSON_MAX]) {
  char command[400];
  FILE *pipe;
  size_t len;
  snprintf (command, sizeof (command), "'%s' --json '%s'", report_program, trace_path);
  pipe = popen (command, "r");
  REQUIRE (pipe != NULL);
  len = fread (json, 1, JSON_MAX - 1, pipe);
  json[len] = '\0';
  CHECK_INT (pclose (pipe), 0);
}

/* Check that JSON lists exactly the classes with blocks.  */
static void check_classes (const char *json, const MIR_stats_report_t *counted) {
  const char *row = strstr (json, "\"classes\"");
  REQUIRE (row != NULL);
  for (int i = 0; i < MIR_STATS_CLASSES; i++) {
    if (counted->classes[i].made == 0) continue;
    row = strstr (row, "{\"class\"");
    REQUIRE (row != NULL);
    CHECK_INT (number_of (row, "class"), i);
    CHECK_INT (number_of (row, "made"), counted->classes[i].made);
    CHECK_INT (number_of (row, "made_bytes"), counted->classes[i].made_bytes);
    CHECK_INT (number_of (row, "live"), counted->classes[i].live);
    row++;
  }
  CHECK (strstr (row, "{\"class\"") == NULL);
}

/* End the trace and compare the numbers; live blocks are live on both sides.  */
static void end_and_compare (void) {
  static char json[JSON_MAX];
  MIR_stats_report_t counted;
  MIR_stats_get (stats, &counted);
  CHECK_INT (MIR_trace_finish (trace), MIR_TRACE_OK);
  read_json (json);
  CHECK_INT (number_of (json, "mallocs"), counted.mallocs);
  CHECK_INT (number_of (json, "callocs"), counted.callocs);
  CHECK_INT (number_of (json, "reallocs"), counted.reallocs);
  CHECK_INT (number_of (json, "frees"), counted.frees);
  CHECK_INT (number_of (json, "failed"), counted.failed);
  CHECK_INT (number_of (json, "live_blocks"), counted.live_blocks);
  CHECK_INT (number_of (json, "live_bytes"), counted.live_bytes);
  CHECK_INT (number_of (json, "peak_bytes"), counted.peak_bytes);
  CHECK_INT (number_of (json, "made_bytes"), counted.made_bytes);
  CHECK_INT (number_of (json, "strange"), 0);
  check_classes (json, &counted);
  for (size_t i = 0; i < SLOTS; i++) MIR_free (&stats->alloc, slots[i].block);
  MIR_stats_finish (stats);
  MIR_failing_finish (failing);
}

/*---------------- Scenarios -----------------------------*/

static void put (struct slot *slot, void *block, size_t size) {
  if (block == NULL) return; /* refused: the slot keeps its block */
  slot->block = block;
  slot->size = size;
}

static void a_program_which_only_ends_has_no_calls (void) {
  begin_both (0);
  end_and_compare ();
}

static void malloc_calloc_and_free_are_counted_alike (void) {
  begin_both (0);
  for (size_t i = 0; i < SLOTS; i++) {
    size_t size = i * i;
    put (&slots[i], i % 3 == 0 ? MIR_calloc (traced, i, i) : MIR_malloc (traced, size), size);
  }
  for (size_t i = 0; i < SLOTS; i += 2) {
    MIR_free (traced, slots[i].block);
    slots[i].block = NULL;
    MIR_free (traced, NULL);
  }
  end_and_compare ();
}

/* Grows, shrinks, resizes to and from size 0, and reallocates NULL.  */
static void reallocs_are_counted_alike (void) {
  static const size_t sizes[] = {1, 100, 10, 0, 5000, 5000, 0, 0, 70000, 3};
  MIR_stats_report_t counted;
  begin_both (0);
  for (size_t i = 0; i < SLOTS; i++)
    for (size_t j = 0; j < i % 11 && j < sizeof (sizes) / sizeof (sizes[0]); j++)
      put (&slots[i], MIR_realloc (traced, slots[i].block, slots[i].size, sizes[j]), sizes[j]);
  MIR_stats_get (stats, &counted);
  CHECK (counted.reallocs > SLOTS);
  end_and_compare ();
}

static void sizes_which_nobody_has_fail_in_both (void) {
  MIR_stats_report_t counted;
  begin_both (0);
  put (&slots[0], MIR_malloc (traced, 10), 10);
  CHECK_PTR (MIR_malloc (traced, SIZE_MAX), NULL);
  CHECK_PTR (MIR_calloc (traced, SIZE_MAX / 2, 3), NULL);
  CHECK_PTR (MIR_realloc (traced, slots[0].block, 10, SIZE_MAX - 1), NULL);
  CHECK_PTR (MIR_realloc (traced, NULL, 0, SIZE_MAX), NULL);
  MIR_stats_get (stats, &counted);
  CHECK_INT (counted.failed, 4);
  end_and_compare ();
}

/* Perform STEPS random operations on random slots.  */
static void do_anything (size_t steps) {
  for (size_t n = 0; n < steps; n++) {
    uint64_t random = tap_random ();
    struct slot *slot = &slots[random % SLOTS];
    size_t size = random >> 8 & ((1u << (random >> 40 & 15)) - 1);
    if (slot->block == NULL && random >> 60 < 8)
      put (slot, MIR_malloc (traced, size), size);
    else if (slot->block == NULL && random >> 60 < 12)
      put (slot, MIR_calloc (traced, size, 1), size);
    else if (slot->block == NULL || random >> 60 < 8)
      put (slot, MIR_realloc (traced, slot->block, slot->size, size), size);
    else {
      MIR_free (traced, slot->block);
      memset (slot, 0, sizeof (*slot));
    }
    if (slot->block == NULL) slot->size = 0;
  }
}

static void anything_is_counted_alike (void) {
  begin_both (0);
  do_anything (tap_scaled (50000));
  end_and_compare ();
}

static void failures_are_counted_alike (void) {
  MIR_stats_report_t counted;
  begin_both (7);
  do_anything (tap_scaled (50000));
  MIR_stats_get (stats, &counted);
  CHECK (counted.failed > 0);
  CHECK (counted.failed < counted.mallocs + counted.callocs + counted.reallocs);
  end_and_compare ();
}

static void *free_and_make (void *arg) {
  struct slot *mine = (struct slot *) arg;
  for (size_t i = 0; i < SLOTS / 4; i++) {
    MIR_free (traced, mine[i].block);
    mine[i].block = NULL;
    put (&mine[i], MIR_malloc (traced, 3 * i), 3 * i);
    put (&mine[i], MIR_realloc (traced, mine[i].block, 3 * i, 7 * i), 7 * i);
  }
  return NULL;
}

/* The threads run one after another: otherwise the peaks depend on which side counts first.  */
static void threads_are_counted_alike (void) {
  pthread_t thread;
  begin_both (0);
  for (size_t i = 0; i < SLOTS; i++) put (&slots[i], MIR_malloc (traced, i), i);
  for (size_t i = 0; i < SLOTS; i += SLOTS / 4) {
    REQUIRE (pthread_create (&thread, NULL, free_and_make, &slots[i]) == 0);
    pthread_join (thread, NULL);
  }
  end_and_compare ();
}

int main (int argc, char **argv) {
  if (argc != 2) return 2;
  report_program = argv[1];
  make_trace_dir ();
  TEST_RUN (a_program_which_only_ends_has_no_calls);
  TEST_RUN (malloc_calloc_and_free_are_counted_alike);
  TEST_RUN (reallocs_are_counted_alike);
  TEST_RUN (sizes_which_nobody_has_fail_in_both);
  TEST_RUN (anything_is_counted_alike);
  TEST_RUN (failures_are_counted_alike);
  TEST_RUN (threads_are_counted_alike);
  remove_trace_dir ();
  return tap_done ();
}
