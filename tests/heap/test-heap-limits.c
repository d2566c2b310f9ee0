/* The small allocators: limit, failing, out of memory, sized, statistics.  */
#include "mir-heap.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stddef.h> /* offsetof */
#include <stdlib.h>
#include <string.h>

#include "support/child.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

/*---------------- Limit -----------------------------*/

static MIR_limit_t make_limit (size_t hard, size_t soft, void (*func) (void *, size_t),
                               void *user_data) {
  MIR_limit_options_t options = {
      .size = sizeof (options), .hard = hard, .soft = soft, .func = func, .user_data = user_data};
  MIR_limit_t limit;
  REQUIRE (MIR_limit_create (NULL, &options, &limit) == MIR_HEAP_OK);
  return limit;
}

static void requested_bytes_are_counted_exactly (void) {
  MIR_limit_t limit = make_limit (100, 0, NULL, NULL);
  MIR_alloc_t alloc = &limit->alloc;
  char *a = (char *) MIR_malloc (alloc, 60), *b = (char *) MIR_calloc (alloc, 4, 10);
  CHECK (a != NULL && b != NULL);
  CHECK_INT (MIR_limit_bytes (limit), 100);
  CHECK_PTR (MIR_malloc (alloc, 1), NULL);
  CHECK_PTR (MIR_realloc (alloc, a, 60, 61), NULL);
  CHECK_INT (MIR_limit_bytes (limit), 100);
  a = (char *) MIR_realloc (alloc, a, 60, 20);
  CHECK_INT (MIR_limit_bytes (limit), 60);
  b = (char *) MIR_realloc (alloc, b, 40, 80);
  CHECK (b != NULL);
  CHECK_INT (MIR_limit_bytes (limit), 100);
  MIR_limit_set (limit, 50, 0); /* live blocks stay */
  CHECK_PTR (MIR_malloc (alloc, 1), NULL);
  MIR_free (alloc, b);
  CHECK_INT (MIR_limit_bytes (limit), 20);
  MIR_free (alloc, a);
  CHECK_INT (MIR_limit_bytes (limit), 0);
  MIR_limit_finish (limit);
}

/* A shrink passes a limit that is exceeded already; one that is refused below leaves the block, and
   what it counts.  */
static void shrinks_pass_a_limit (void) {
  struct probe_alloc probe;
  MIR_limit_options_t options = {.size = sizeof (options), .hard = 1000};
  MIR_limit_t limit;
  probe_alloc_init (&probe);
  REQUIRE (MIR_limit_create (&probe.alloc, &options, &limit) == MIR_HEAP_OK);
  char *block = (char *) MIR_malloc (&limit->alloc, 1000);
  REQUIRE (block != NULL);
  memset (block, 'x', 1000);
  MIR_limit_set (limit, 10, 0);
  probe_alloc_fail_after (&probe, 0, 1);
  CHECK_PTR (MIR_realloc (&limit->alloc, block, 1000, 600), block);
  CHECK_INT (MIR_limit_bytes (limit), 1000);
  probe_alloc_fail_after (&probe, -1, 0);
  block = (char *) MIR_realloc (&limit->alloc, block, 600, 500);
  REQUIRE (block != NULL);
  CHECK (block[0] == 'x' && block[499] == 'x');
  CHECK_INT (MIR_limit_bytes (limit), 500);
  CHECK_PTR (MIR_realloc (&limit->alloc, block, 500, 501), NULL);
  MIR_free (&limit->alloc, block);
  CHECK_INT (MIR_limit_bytes (limit), 0);
  MIR_limit_finish (limit);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

struct cache {
  MIR_limit_t limit;
  void *block;
  size_t needed;
  int calls;
};

static void drop_cache (void *user_data, size_t needed) {
  struct cache *cache = (struct cache *) user_data;
  cache->calls++;
  cache->needed = needed;
  MIR_free (&cache->limit->alloc, cache->block);
  cache->block = NULL;
}

static void soft_limit_is_told_once_each_time (void) {
  struct cache cache = {NULL, NULL, 0, 0};
  MIR_limit_t limit = cache.limit = make_limit (1000, 500, drop_cache, &cache);
  cache.block = MIR_malloc (&limit->alloc, 400);
  CHECK_INT (cache.calls, 0);
  void *block = MIR_malloc (&limit->alloc, 900); /* fits only because the cache is dropped */
  CHECK (block != NULL);
  CHECK_INT (cache.calls, 1);
  CHECK_INT (cache.needed, 1300);
  void *more = MIR_malloc (&limit->alloc, 10);
  CHECK_INT (cache.calls, 1);
  MIR_free (&limit->alloc, block);
  block = MIR_malloc (&limit->alloc, 600);
  CHECK_INT (cache.calls, 2);
  MIR_free (&limit->alloc, block);
  MIR_free (&limit->alloc, more);
  MIR_limit_finish (limit);
}

static atomic_int too_much;

static void *press (void *arg) {
  MIR_limit_t limit = (MIR_limit_t) arg;
  void *blocks[8] = {NULL};
  for (size_t i = 0; i < tap_scaled (20000); i++) {
    void **slot = &blocks[i % 8];
    MIR_free (&limit->alloc, *slot);
    *slot = MIR_malloc (&limit->alloc, 100 + i % 100);
    if (MIR_limit_bytes (limit) > 2000) atomic_fetch_add (&too_much, 1);
  }
  for (int i = 0; i < 8; i++) MIR_free (&limit->alloc, blocks[i]);
  return NULL;
}

static void threads_together_stay_within_a_limit (void) {
  pthread_t threads[4];
  MIR_limit_t limit = make_limit (2000, 0, NULL, NULL);
  for (int i = 0; i < 4; i++) REQUIRE (pthread_create (&threads[i], NULL, press, limit) == 0);
  for (int i = 0; i < 4; i++) pthread_join (threads[i], NULL);
  CHECK_INT (atomic_load (&too_much), 0);
  CHECK_INT (MIR_limit_bytes (limit), 0);
  MIR_limit_finish (limit);
}

/*---------------- Failing -----------------------------*/

/* Which of the first 64 calls fail, as bits.  */
static uint64_t which_fail (const MIR_failing_options_t *options, size_t size) {
  MIR_failing_t failing;
  uint64_t bits = 0;
  REQUIRE (MIR_failing_create (NULL, options, &failing) == MIR_HEAP_OK);
  for (int i = 0; i < 64; i++) {
    void *block = i % 2 == 0 ? MIR_malloc (&failing->alloc, size)
                             : MIR_realloc (&failing->alloc, NULL, 0, size);
    if (block == NULL) bits |= (uint64_t) 1 << i;
    MIR_free (&failing->alloc, block);
  }
  CHECK_INT (MIR_failing_calls (failing), 64);
  CHECK_INT (MIR_failing_failed (failing), __builtin_popcountll (bits));
  MIR_failing_finish (failing);
  return bits;
}

static void calls_fail_by_their_rules (void) {
  MIR_failing_options_t options = {.size = sizeof (options), .nth = 3};
  CHECK_INT (which_fail (&options, 8), 1 << 2);
  options.forever = 1;
  CHECK_INT (which_fail (&options, 8), ~(uint64_t) 3);
  options = (MIR_failing_options_t) {.size = sizeof (options), .every = 16};
  CHECK_INT (which_fail (&options, 8), 0x8000800080008000u);
  options = (MIR_failing_options_t) {.size = sizeof (options), .min_size = 100};
  CHECK_INT (which_fail (&options, 99), 0);
  CHECK_INT (which_fail (&options, 100), UINT64_MAX);
}

static void chance_depends_on_the_seed_only (void) {
  MIR_failing_options_t options = {.size = sizeof (options), .probability = 0.25, .seed = 7};
  uint64_t first = which_fail (&options, 8);
  CHECK_INT (which_fail (&options, 8), first);
  int num = __builtin_popcountll (first);
  CHECK (num > 4 && num < 32);
  options.seed = 8;
  CHECK (which_fail (&options, 8) != first);
  options.probability = 1;
  CHECK_INT (which_fail (&options, 8), UINT64_MAX);
  options.probability = 0;
  CHECK_INT (which_fail (&options, 8), 0);
}

static void failing_can_be_set_again (void) {
  MIR_failing_options_t options = {.size = sizeof (options), .nth = 1};
  MIR_failing_t failing;
  REQUIRE (MIR_failing_create (NULL, &options, &failing) == MIR_HEAP_OK);
  CHECK_PTR (MIR_malloc (&failing->alloc, 1), NULL);
  CHECK_INT (MIR_failing_set (failing, &options), MIR_HEAP_OK);
  CHECK_PTR (MIR_malloc (&failing->alloc, 1), NULL);
  options.probability = 2;
  CHECK_INT (MIR_failing_set (failing, &options), MIR_HEAP_BAD_OPTION);
  MIR_failing_finish (failing);
}

/* Spared shrinks are not numbered, whatever the rule; what is no shrink is.  */
static void shrinks_are_spared_if_asked_for (void) {
  MIR_failing_options_t options = {
      .size = sizeof (options), .nth = 4, .min_size = 50, .spare_shrinks = 1};
  MIR_failing_t failing;
  REQUIRE (MIR_failing_create (NULL, &options, &failing) == MIR_HEAP_OK);
  MIR_alloc_t alloc = &failing->alloc;
  void *block = MIR_malloc (alloc, 49); /* call 1 */
  for (int i = 0; i < 5; i++) CHECK ((block = MIR_realloc (alloc, block, 49, 49)) != NULL);
  CHECK_PTR (MIR_realloc (alloc, block, 49, 60), NULL); /* call 2 */
  CHECK ((block = MIR_realloc (alloc, block, 200, 60)) != NULL);
  CHECK ((block = MIR_realloc (alloc, block, 60, 0)) != NULL);
  CHECK ((block = MIR_realloc (alloc, block, 0, 1)) != NULL); /* call 3 */
  CHECK_PTR (MIR_realloc (alloc, NULL, 0, 0), NULL);          /* call 4: no block, no shrink */
  CHECK_INT (MIR_failing_calls (failing), 4);
  CHECK_INT (MIR_failing_failed (failing), 2);
  options.spare_shrinks = 0;
  options.nth = 1;
  CHECK_INT (MIR_failing_set (failing, &options), MIR_HEAP_OK);
  CHECK_PTR (MIR_realloc (alloc, block, 1, 1), NULL);
  MIR_free (alloc, block);
  MIR_failing_finish (failing);
}

/* A program that was compiled before there was `spare_shrinks`.  */
static void older_options_are_read (void) {
  MIR_failing_options_t options = {
      .size = offsetof (MIR_failing_options_t, spare_shrinks), .nth = 1, .spare_shrinks = 99};
  MIR_failing_t failing;
  REQUIRE (MIR_failing_create (NULL, &options, &failing) == MIR_HEAP_OK);
  CHECK_PTR (MIR_malloc (&failing->alloc, 1), NULL);
  void *block = MIR_malloc (&failing->alloc, 10);
  CHECK_INT (MIR_failing_set (failing, &options), MIR_HEAP_OK);
  CHECK_PTR (MIR_realloc (&failing->alloc, block, 10, 5), NULL);
  MIR_free (&failing->alloc, block);
  options.size--;
  CHECK_INT (MIR_failing_set (failing, &options), MIR_HEAP_BAD_OPTION);
  MIR_failing_finish (failing);
}

/*---------------- Out of memory -----------------------------*/

static struct cache spare;
static int asked;
static jmp_buf out;

static int free_the_spare (void *user_data, size_t size, unsigned attempt) {
  struct cache *cache = (struct cache *) user_data;
  asked++;
  CHECK_INT (size, 900);
  CHECK_INT (attempt, asked);
  if (cache->block == NULL) return 0;
  MIR_free (&cache->limit->alloc, cache->block);
  cache->block = NULL;
  return 1;
}

static int leave (void *user_data, size_t size, unsigned attempt) {
  (void) user_data, (void) size, (void) attempt;
  longjmp (out, 1);
}

static void handler_frees_something_and_the_call_succeeds (void) {
  MIR_oom_t oom;
  spare.limit = make_limit (1000, 0, NULL, NULL);
  spare.block = MIR_malloc (&spare.limit->alloc, 500);
  REQUIRE (MIR_oom_create (&spare.limit->alloc, free_the_spare, &spare, &oom) == MIR_HEAP_OK);
  asked = 0;
  void *block = MIR_malloc (&oom->alloc, 900);
  CHECK (block != NULL);
  CHECK_INT (asked, 1);
  asked = 0;
  CHECK_PTR (MIR_malloc (&oom->alloc, 900), NULL); /* nothing is left to free */
  CHECK_INT (asked, 1);
  asked = 0;
  CHECK_PTR (MIR_calloc (&oom->alloc, SIZE_MAX, 2), NULL); /* freeing cannot help */
  CHECK_INT (asked, 0);
  MIR_free (&oom->alloc, block);
  MIR_oom_finish (oom);
  MIR_limit_finish (spare.limit);
}

static void handler_may_leave_by_longjmp (void) {
  struct probe_alloc probe;
  MIR_oom_t oom;
  probe_alloc_init (&probe);
  REQUIRE (MIR_oom_create (&probe.alloc, leave, NULL, &oom) == MIR_HEAP_OK);
  char *volatile block = (char *) MIR_malloc (&oom->alloc, 100);
  strcpy (block, "as it was");
  probe_alloc_fail_after (&probe, 0, 0);
  if (setjmp (out) == 0) {
    MIR_realloc (&oom->alloc, block, 100, 200);
    CHECK (!"the handler has left");
  }
  CHECK_STR (block, "as it was");
  MIR_free (&oom->alloc, block);
  MIR_oom_finish (oom);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

/* Like an allocator of a user that returns NULL for a block without bytes: no failure.  */
static void *no_block (size_t size, void *user_data) {
  (void) size, (void) user_data;
  return NULL;
}

static void nobody_is_asked_for_nothing (void) {
  struct probe_alloc probe;
  MIR_oom_t oom;
  probe_alloc_init (&probe);
  REQUIRE (MIR_oom_create (&probe.alloc, free_the_spare, &spare, &oom) == MIR_HEAP_OK);
  probe.alloc.malloc = no_block;
  asked = 0;
  CHECK_PTR (MIR_malloc (&oom->alloc, 0), NULL);
  CHECK_INT (asked, 0);
  MIR_oom_finish (oom);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void oom_needs_a_function (void) {
  MIR_oom_t none;
  CHECK_INT (MIR_oom_create (NULL, NULL, NULL, &none), MIR_HEAP_BAD_OPTION);
}

/*---------------- Sized -----------------------------*/

static void sizes_are_remembered (void) {
  struct probe_alloc probe;
  MIR_sized_t sized;
  probe_alloc_init (&probe);
  REQUIRE (MIR_sized_create (&probe.alloc, &sized) == MIR_HEAP_OK);
  char *block = (char *) MIR_malloc (&sized->alloc, 100);
  CHECK_INT (MIR_sized_size (block), 100);
  CHECK_INT (MIR_sized_size (NULL), 0);
  memset (block, 'x', 100);
  block = (char *) MIR_realloc (&sized->alloc, block, 0, 300); /* ignores the old size */
  CHECK_INT (MIR_sized_size (block), 300);
  CHECK (block[99] == 'x');
  MIR_free (&sized->alloc, block);
  MIR_sized_finish (sized);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

/* Sizes that a header would make too large, or 0, before any memory is asked for.  */
static void sizes_beyond_the_header_are_refused (void) {
  struct probe_alloc probe;
  MIR_sized_t sized;
  probe_alloc_init (&probe);
  REQUIRE (MIR_sized_create (&probe.alloc, &sized) == MIR_HEAP_OK);
  void *block = MIR_malloc (&sized->alloc, 100);
  size_t calls = probe.calls;
  for (size_t less = 0; less < 16; less++) {
    CHECK_PTR (MIR_malloc (&sized->alloc, SIZE_MAX - less), NULL);
    CHECK_PTR (MIR_calloc (&sized->alloc, 1, SIZE_MAX - less), NULL);
    CHECK_PTR (MIR_realloc (&sized->alloc, block, 100, SIZE_MAX - less), NULL);
  }
  CHECK_INT (probe.calls, calls);
  CHECK_INT (MIR_sized_size (block), 100);
  MIR_free (&sized->alloc, block);
  MIR_sized_finish (sized);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

/* Uses an arena, in which freed memory does not change.  */
static int free_twice (void) {
  MIR_arena_t arena;
  MIR_sized_t sized;
  if (MIR_arena_create (NULL, 0, &arena) != MIR_HEAP_OK) return 99;
  if (MIR_sized_create (&arena->alloc, &sized) != MIR_HEAP_OK) return 99;
  void *block = MIR_malloc (&sized->alloc, 10);
  (void) MIR_malloc (&sized->alloc, 10); /* newer: an arena reuses only its newest block */
  MIR_free (&sized->alloc, block);
  MIR_free (&sized->alloc, block);
  return 99;
}

static int free_foreign (void) {
  static char bytes[64];
  MIR_sized_t sized;
  if (MIR_sized_create (NULL, &sized) != MIR_HEAP_OK) return 99;
  MIR_free (&sized->alloc, bytes + 32);
  return 99;
}

/* The next resize, and the free, give the allocator below the size that it knows.  */
static void refused_shrinks_leave_the_block (void) {
  struct probe_alloc probe;
  MIR_sized_t sized;
  probe_alloc_init (&probe);
  REQUIRE (MIR_sized_create (&probe.alloc, &sized) == MIR_HEAP_OK);
  char *block = (char *) MIR_malloc (&sized->alloc, 100);
  memset (block, 'x', 100);
  probe_alloc_fail_after (&probe, 0, 1);
  CHECK_PTR (MIR_realloc (&sized->alloc, block, 0, 100), block);
  CHECK_PTR (MIR_realloc (&sized->alloc, block, 0, 0), block);
  CHECK_PTR (MIR_realloc (&sized->alloc, block, 0, 101), NULL);
  CHECK_INT (MIR_sized_size (block), 100);
  probe_alloc_fail_after (&probe, -1, 0);
  block = (char *) MIR_realloc (&sized->alloc, block, 0, 30);
  CHECK_INT (MIR_sized_size (block), 30);
  CHECK (block[29] == 'x');
  MIR_free (&sized->alloc, block);
  MIR_sized_finish (sized);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void bad_pointers_end_the_process (void) {
  char text[4000];
  CHECK (run_child (free_twice, text, sizeof (text)).signal != 0);
  CHECK (strstr (text, ": freed twice") != NULL);
  CHECK (run_child (free_foreign, text, sizeof (text)).signal != 0);
  CHECK (strstr (text, "not a live block of this allocator") != NULL);
}

/*---------------- Statistics -----------------------------*/

static void calls_blocks_and_bytes_are_counted (void) {
  MIR_stats_t stats;
  MIR_stats_report_t report;
  struct probe_alloc probe;
  probe_alloc_init (&probe);
  REQUIRE (MIR_stats_create (&probe.alloc, &stats) == MIR_HEAP_OK);
  MIR_alloc_t alloc = &stats->alloc;
  void *a = MIR_malloc (alloc, 100), *b = MIR_calloc (alloc, 10, 20);
  a = MIR_realloc (alloc, a, 100, 500);
  MIR_free (alloc, b);
  MIR_free (alloc, NULL);
  probe_alloc_fail_after (&probe, 0, 0);
  CHECK_PTR (MIR_malloc (alloc, 1), NULL);
  CHECK_PTR (MIR_calloc (alloc, SIZE_MAX, 2), NULL);
  void *nothing = MIR_malloc (alloc, 0);
  MIR_stats_get (stats, &report);
  CHECK_INT (report.mallocs, 3);
  CHECK_INT (report.callocs, 2);
  CHECK_INT (report.reallocs, 1);
  CHECK_INT (report.frees, 1);
  CHECK_INT (report.failed, 2);
  CHECK_INT (report.live_blocks, 2);
  CHECK_INT (report.live_bytes, 500);
  CHECK_INT (report.peak_bytes, 700);
  CHECK_INT (report.made_bytes, 800);
  CHECK_INT (report.classes[0].made, 1);
  CHECK_INT (report.classes[7].made, 1); /* 64 to 127 */
  CHECK_INT (report.classes[7].live, 0);
  CHECK_INT (report.classes[9].live, 1); /* 256 to 511 */
  MIR_free (alloc, nothing);
  MIR_free (alloc, a);
  MIR_stats_finish (stats);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

/* A shrink that is refused below is a resize to the same size.  */
static void refused_shrinks_count_as_they_end (void) {
  MIR_stats_t stats;
  MIR_stats_report_t report;
  struct probe_alloc probe;
  probe_alloc_init (&probe);
  REQUIRE (MIR_stats_create (&probe.alloc, &stats) == MIR_HEAP_OK);
  void *block = MIR_malloc (&stats->alloc, 500);
  probe_alloc_fail_after (&probe, 0, 0);
  CHECK_PTR (MIR_realloc (&stats->alloc, block, 500, 5), block);
  MIR_stats_get (stats, &report);
  CHECK_INT (report.failed, 0);
  CHECK_INT (report.reallocs, 1);
  CHECK_INT (report.live_bytes, 500);
  CHECK_INT (report.classes[9].live, 1); /* 256 to 511 */
  CHECK_INT (report.classes[3].made, 0);
  MIR_free (&stats->alloc, block);
  MIR_stats_get (stats, &report);
  CHECK_INT (report.live_bytes, 0);
  CHECK_INT (report.frees, 1);
  MIR_stats_finish (stats);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void report_is_written_as_json (void) {
  MIR_stats_report_t report = {.mallocs = 2,
                               .frees = 1,
                               .live_blocks = 1,
                               .live_bytes = 5,
                               .peak_bytes = 6,
                               .made_bytes = 11};
  char text[400], small[20];
  report.classes[3].made = 2;
  report.classes[3].made_bytes = 11;
  report.classes[3].live = 1;
  report.classes[64].made = 1;
  static const char expected[] =
      "{\"mallocs\":2,\"callocs\":0,\"reallocs\":0,\"frees\":1,\"failed\":0,\"live_blocks\":1,"
      "\"live_bytes\":5,\"peak_bytes\":6,\"made_bytes\":11,\"classes\":["
      "{\"max_size\":7,\"made\":2,\"made_bytes\":11,\"live\":1},"
      "{\"max_size\":18446744073709551615,\"made\":1,\"made_bytes\":0,\"live\":0}]}";
  CHECK_INT (MIR_stats_json (&report, text, sizeof (text)), strlen (expected));
  CHECK_STR (text, expected);
  CHECK_INT (MIR_stats_json (&report, small, sizeof (small)), strlen (expected));
  CHECK (memcmp (small, expected, 19) == 0 && small[19] == 0);
  CHECK_INT (MIR_stats_json (&report, NULL, 0), strlen (expected));
}

int main (void) {
  TEST_RUN (requested_bytes_are_counted_exactly);
  TEST_RUN (shrinks_pass_a_limit);
  TEST_RUN (soft_limit_is_told_once_each_time);
  TEST_RUN (threads_together_stay_within_a_limit);
  TEST_RUN (calls_fail_by_their_rules);
  TEST_RUN (chance_depends_on_the_seed_only);
  TEST_RUN (failing_can_be_set_again);
  TEST_RUN (shrinks_are_spared_if_asked_for);
  TEST_RUN (older_options_are_read);
  TEST_RUN (handler_frees_something_and_the_call_succeeds);
  TEST_RUN (handler_may_leave_by_longjmp);
  TEST_RUN (nobody_is_asked_for_nothing);
  TEST_RUN (oom_needs_a_function);
  TEST_RUN (sizes_are_remembered);
  TEST_RUN (sizes_beyond_the_header_are_refused);
  TEST_RUN (refused_shrinks_leave_the_block);
  TEST_RUN (bad_pointers_end_the_process);
  TEST_RUN (calls_blocks_and_bytes_are_counted);
  TEST_RUN (refused_shrinks_count_as_they_end);
  TEST_RUN (report_is_written_as_json);
  return tap_done ();
}
