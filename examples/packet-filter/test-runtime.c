/* The runtime as a whole, and the allocators that count: arguments are a capture and filters.  */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime.h"
#include "compare.h"
#include "counting-alloc.h"
#include "libpcap.h"
#include "support/probe-alloc.h"
#include "support/probe-code-alloc.h"
#include "mir-code.h"
#include "swap.h"
#include "support/tap.h"

static const char *capture;
static char **filters;
static size_t filters_num;

/*---------------- The runtime -----------------------------*/

/* Make a runtime with all filters, use and finish it.  */
struct life {
  struct probe_alloc data;
  struct probe_code_alloc code;
  struct runtime rt;
  int tools; /* with hooks for perf and gdb */
  int lying; /* replace the compiled code of the first filter */
  size_t swaps;
  struct swap_result swapped;
};

static uint32_t liar (const uint8_t *packet, uint32_t caplen, uint32_t wirelen) {
  (void) packet;
  (void) caplen;
  (void) wirelen;
  return 4711;
}

static void live (void *arg) {
  struct life *life = (struct life *) arg;
  struct runtime *rt = &life->rt;
  runtime_init (rt, &life->data.alloc, &life->code.alloc);
  if (life->tools) runtime_start_tools (rt);
  capture_load (&rt->capture, MIR_get_alloc (rt->ctx), capture);
  for (size_t i = 0; i < filters_num; i++) runtime_add_filter (rt, filters[i]);
  if (life->lying) VARR_ADDR (filter_t, rt->filters)[0].func = liar;
  for (size_t i = 0; i < filters_num; i++)
    compare_results (rt, &VARR_ADDR (filter_t, rt->filters)[i], 50);
  if (jit_native_abi != NULL) swap_filters (rt, life->swaps, &life->swapped);
}

static void begin (struct life *life) {
  memset (life, 0, sizeof (*life));
  probe_alloc_init (&life->data);
  probe_code_alloc_init (&life->code);
  life->swaps = 3;
}

static void end (struct life *life) {
  runtime_finish (&life->rt);
  CHECK_INT (probe_alloc_finish (&life->data), 0);
  CHECK_INT (probe_code_alloc_finish (&life->code), 0);
}

static void compiles_equal_programs_once (void) {
  static struct life life;
  struct failure failure;
  size_t shared = 0;
  begin (&life);
  REQUIRE (catch_failure (&failure, live, &life) == 0);
  for (size_t i = 0; i < filters_num; i++) {
    const struct filter *all = VARR_ADDR (filter_t, life.rt.filters);
    size_t len = VARR_LENGTH (insn_t, all[i].program.insns);
    int equal_before = 0;
    for (size_t j = 0; j < i; j++)
      if (VARR_LENGTH (insn_t, all[j].program.insns) == len
          && memcmp (VARR_ADDR (insn_t, all[j].program.insns),
                     VARR_ADDR (insn_t, all[i].program.insns), len * sizeof (struct insn))
                 == 0) {
        equal_before = 1;
        CHECK (all[i].func == all[j].func);
      } else if (all[i].func != NULL) {
        CHECK (all[i].func != all[j].func);
      }
    CHECK_INT (all[i].compiled_before, equal_before);
    shared += (size_t) equal_before;
  }
  CHECK (shared > 0); /* the filters of the demo contain such a pair */
  end (&life);
}

static void every_filter_matches_something_but_not_all (void) {
  struct failure failure;
  static struct life life;
  size_t packets;
  begin (&life);
  REQUIRE (catch_failure (&failure, live, &life) == 0);
  packets = VARR_LENGTH (packet_t, life.rt.capture.packets);
  for (size_t i = 0; i < filters_num; i++) {
    struct filter *filter = &VARR_ADDR (filter_t, life.rt.filters)[i];
    compare_results (&life.rt, filter, packets);
    CHECK (filter->matches > 0);
    CHECK (filter->matches < packets);
  }
  end (&life);
}

static void describes_the_first_disagreement (void) {
  static struct life life;
  struct failure failure;
  char expected[300];
  begin (&life);
  life.lying = 1;
  REQUIRE (catch_failure (&failure, live, &life) != 0);
  snprintf (expected, sizeof (expected), "%s: packet 1: interpreter 0, JIT 4711%s", filters[0],
            libpcap_is_there ? ", libpcap 0" : "");
  CHECK_STR (failure.message, expected);
  end (&life);
}

static void swaps_filters_under_a_running_thread (void) {
  static struct life life;
  struct failure failure;
  MIR_code_stats_t before = {.size = sizeof (before)}, after = {.size = sizeof (after)};
  if (jit_native_abi == NULL) tap_skip ("no JIT for this CPU");
  begin (&life);
  REQUIRE (catch_failure (&failure, live, &life) == 0);
  (void) MIR_code_get_stats (MIR_get_code_space (life.rt.ctx), &before);
  swap_filters (&life.rt, tap_scaled (500), &life.swapped);
  (void) MIR_code_get_stats (MIR_get_code_space (life.rt.ctx), &after);
  CHECK_INT (life.swapped.astray, 0);
  CHECK (life.swapped.packets >= life.swapped.swaps);
  CHECK_INT (after.pieces, before.pieces);
  CHECK_INT (after.piece_bytes, before.piece_bytes);
  end (&life);
}

static void gives_all_back_when_anything_is_refused (void) {
  static struct life life;
  struct failure failure;
  /* data, then mem_map, then mem_protect */
  for (int refused = 0; refused < 3; refused++) {
    int failed = 1;
    for (long n = 0; failed; n++) {
      begin (&life);
      if (refused == 0) probe_alloc_fail_after (&life.data, n, 0);
      if (refused == 1) life.code.fail_map_in = n;
      if (refused == 2) life.code.fail_protect_in = n;
      failed = catch_failure (&failure, live, &life);
      if (failed) CHECK_INT (failure.type, MIR_alloc_error);
      end (&life);
    }
  }
}

/*---------------- Tools -----------------------------*/

/* Count the lines of this process's perf map that end with NAME, and remove the map.  */
static size_t count_in_perf_map (const char *name) {
  char path[50], line[300], end[100];
  size_t num = 0;
  FILE *map;
  snprintf (path, sizeof (path), "/tmp/perf-%ld.map", (long) getpid ());
  snprintf (end, sizeof (end), " %s\n", name);
  map = fopen (path, "r");
  if (map == NULL) return 0;
  while (fgets (line, sizeof (line), map) != NULL)
    num += strlen (line) > strlen (end) && strcmp (line + strlen (line) - strlen (end), end) == 0;
  fclose (map);
  remove (path);
  return num;
}

static void tools_know_filters_by_name (void) {
  static struct life life;
  struct failure failure;
  char name[64];
  if (jit_native_abi == NULL) tap_skip ("no JIT for this CPU");
  begin (&life);
  life.tools = 1;
  life.swaps = 1; /* compiles the first filter again, and the second */
  if (catch_failure (&failure, live, &life) != 0) {
    int none = strstr (failure.message, "not available") != NULL;
    end (&life);
    if (none) tap_skip ("no tools on this system");
    REQUIRE (none);
  }
  strcpy (name, VARR_ADDR (filter_t, life.rt.filters)[0].name);
  CHECK (strchr (name, '/') == NULL && strchr (name, '.') == NULL);
  end (&life);
  CHECK_INT (count_in_perf_map (name), 2);
}

/* A tool without memory does not stop the runtime, and leaks nothing.  */
static void gives_all_back_when_tools_are_refused_memory (void) {
  static struct life life;
  struct failure failure;
  size_t refused = 1;
  if (jit_native_abi == NULL) tap_skip ("no JIT for this CPU");
  for (long n = 0; refused != 0; n++) {
    begin (&life);
    life.tools = 1;
    probe_alloc_fail_after (&life.data, n, 0);
    if (catch_failure (&failure, live, &life) != 0) CHECK_INT (failure.type, MIR_alloc_error);
    refused = life.data.failed;
    end (&life);
  }
  count_in_perf_map ("");
}

/*---------------- Counting allocators -----------------------------*/

static void counting_alloc_knows_what_is_live (void) {
  struct probe_alloc probe;
  struct counting_alloc counting;
  MIR_alloc_t alloc = &counting.alloc;
  char *a, *b;
  probe_alloc_init (&probe);
  counting_alloc_init (&counting, &probe.alloc);
  a = (char *) MIR_malloc (alloc, 100);
  b = (char *) MIR_calloc (alloc, 10, 5);
  REQUIRE (a != NULL && b != NULL);
  CHECK_INT ((uintptr_t) a % _Alignof (max_align_t), 0);
  memset (a, 7, 100);
  for (int i = 0; i < 50; i++) CHECK_INT (b[i], 0);
  CHECK_INT (counting.live_bytes, 150);
  a = (char *) MIR_realloc (alloc, a, 100, 300);
  CHECK_INT (a[99], 7);
  CHECK_INT (counting.live_bytes, 350);
  CHECK_INT (counting.live_blocks, 2);
  a = (char *) MIR_realloc (alloc, a, 300, 10);
  CHECK_INT (a[9], 7);
  MIR_free (alloc, NULL);
  MIR_free (alloc, a);
  MIR_free (alloc, b);
  CHECK_INT (counting.calls, 4);
  CHECK_INT (counting.live_blocks, 0);
  CHECK_INT (counting.live_bytes, 0);
  CHECK_INT (counting.peak_bytes, 350);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void counting_alloc_passes_failures_on (void) {
  struct probe_alloc probe;
  struct counting_alloc counting;
  MIR_alloc_t alloc = &counting.alloc;
  char *block;
  probe_alloc_init (&probe);
  counting_alloc_init (&counting, &probe.alloc);
  block = (char *) MIR_realloc (alloc, NULL, 0, 8);
  REQUIRE (block != NULL);
  memcpy (block, "content", 8);
  probe_alloc_fail_after (&probe, 0, 1);
  CHECK (MIR_malloc (alloc, 8) == NULL);
  CHECK (MIR_calloc (alloc, 8, 8) == NULL);
  CHECK (MIR_realloc (alloc, block, 8, 16) == NULL);
  probe_alloc_fail_after (&probe, -1, 0);
  CHECK (MIR_malloc (alloc, SIZE_MAX) == NULL);
  CHECK (MIR_calloc (alloc, SIZE_MAX / 16 + 2, 16) == NULL); /* modulo 2^64: 16 bytes */
  CHECK (MIR_realloc (alloc, block, 8, SIZE_MAX - 1) == NULL);
  CHECK_STR (block, "content");
  CHECK_INT (counting.live_blocks, 1);
  CHECK_INT (counting.live_bytes, 8);
  MIR_free (alloc, block);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

static void counting_code_alloc_counts_what_succeeds (void) {
  struct probe_code_alloc probe;
  struct counting_code_alloc counting;
  MIR_code_alloc_t alloc = &counting.alloc;
  void *range;
  probe_code_alloc_init (&probe);
  counting_code_alloc_init (&counting, &probe.alloc);
  range = MIR_mem_map (alloc, 2 * probe.page_size);
  REQUIRE (!MIR_mem_map_failed (range));
  CHECK_INT (MIR_mem_protect (alloc, range, probe.page_size, PROT_WRITE_EXEC), 0);
  probe.fail_protect_in = 0;
  CHECK (MIR_mem_protect (alloc, range, probe.page_size, PROT_READ_EXEC) != 0);
  probe.fail_map_in = 0;
  CHECK (MIR_mem_map_failed (MIR_mem_map (alloc, probe.page_size)));
  CHECK_INT (counting.maps, 1);
  CHECK_INT (counting.protects, 1);
  CHECK_INT (counting.live_bytes, 2 * probe.page_size);
  CHECK_INT (MIR_mem_unmap (alloc, range, 2 * probe.page_size), 0);
  CHECK_INT (counting.live_bytes, 0);
  CHECK_INT (counting.peak_bytes, 2 * probe.page_size);
  CHECK_INT (probe_code_alloc_finish (&probe), 0);
}

/*---------------- Failures -----------------------------*/

static void fail_inside (void *arg) {
  fail (MIR_syntax_error, "inside %d", *(int *) arg);
}

static void catch_then_fail (void *arg) {
  struct failure failure;
  CHECK_INT (catch_failure (&failure, fail_inside, arg), -1);
  CHECK_STR (failure.message, "inside 7");
  CHECK_INT (failure.type, MIR_syntax_error);
  fail (MIR_alloc_error, "outside");
}

static void failures_end_at_the_innermost_catcher (void) {
  struct failure failure;
  int number = 7;
  CHECK_INT (catch_failure (&failure, catch_then_fail, &number), -1);
  CHECK_STR (failure.message, "outside");
  CHECK_INT (failure.type, MIR_alloc_error);
}

int main (int argc, char **argv) {
  if (argc < 3) {
    fprintf (stderr, "usage: %s CAPTURE FILTER...\n", argv[0]);
    return 1;
  }
  capture = argv[1];
  filters = argv + 2;
  filters_num = (size_t) argc - 2;
  TEST_RUN (compiles_equal_programs_once);
  TEST_RUN (every_filter_matches_something_but_not_all);
  TEST_RUN (describes_the_first_disagreement);
  TEST_RUN (swaps_filters_under_a_running_thread);
  TEST_RUN (gives_all_back_when_anything_is_refused);
  TEST_RUN (tools_know_filters_by_name);
  TEST_RUN (gives_all_back_when_tools_are_refused_memory);
  TEST_RUN (counting_alloc_knows_what_is_live);
  TEST_RUN (counting_alloc_passes_failures_on);
  TEST_RUN (counting_code_alloc_counts_what_succeeds);
  TEST_RUN (failures_end_at_the_innermost_catcher);
  return tap_done ();
}
