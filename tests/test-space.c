/* Spaces: options, limits, reserved ranges, the probe, and memory that is given back.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "space-fixture.h"

#include <stdio.h>
#include <unistd.h>

#include "child.h"
#include "code/cpu.h"
#include "os/os.h"

/*---------------- Options -----------------------------*/

static MIR_code_status_t create (void) {
  MIR_code_space_t made = NULL;
  MIR_code_status_t status = MIR_code_space_create (&options, &made);
  CHECK ((status == MIR_CODE_OK) == (made != NULL));
  MIR_code_space_finish (made);
  return status;
}

static void wrong_options_are_refused (void) {
  set_defaults ();
  CHECK_INT (create (), MIR_CODE_OK);
  options.size = 0;
  CHECK_INT (create (), MIR_CODE_BAD_OPTION);
  options.size = sizeof (options) + 1;
  CHECK_INT (create (), MIR_CODE_BAD_OPTION);
  set_defaults ();
  options.protection = (MIR_code_protection_t) 4;
  CHECK_INT (create (), MIR_CODE_BAD_OPTION);
  set_defaults ();
  options.poison = (MIR_code_poison_t) 3;
  CHECK_INT (create (), MIR_CODE_BAD_OPTION);
  set_defaults ();
  options.near_addr = &options;
  CHECK_INT (create (), MIR_CODE_BAD_OPTION);
  set_defaults ();
  options.backends = 1u << 30;
  CHECK_INT (create (), MIR_CODE_NO_BACKEND);
  set_defaults ();
  options.reserve = SIZE_MAX;
  CHECK_INT (create (), MIR_CODE_TOO_LARGE);
  options.reserve = SIZE_MAX / 2;
  CHECK_INT (create (), MIR_CODE_NO_RANGE);
  probe_code_alloc_init (&pages);
  set_defaults ();
  options.code_alloc = &pages.alloc;
  options.reserve = 1 << 20;
  CHECK_INT (create (), MIR_CODE_BAD_OPTION);
  options.reserve = 0;
  options.protection = MIR_CODE_NO_ALIAS;
  CHECK_INT (create (), MIR_CODE_BAD_OPTION);
  options.protection = MIR_CODE_OPEN_ALIAS;
  options.backends = MIR_CODE_ANON;
  CHECK_INT (create (), MIR_CODE_BAD_OPTION);
  CHECK_INT (probe_code_alloc_finish (&pages), 0);
  CHECK_INT (probe_alloc_finish (&data), 0);
}

static void older_options_have_the_rest_as_default (void) {
  set_defaults ();
  options.size = offsetof (MIR_code_options_t, code_alloc);
  options.reserve = 1; /* behind what counts */
  start_with_options ();
  CHECK_INT (code_call (publish (1)), 1);
  finish ();
  MIR_code_space_finish (NULL);
  MIR_code_writer_finish (NULL);
}

static void no_options_are_all_defaults (void) {
  MIR_code_space_t made;
  MIR_code_stats_t seen;
  if (MIR_code_space_create (NULL, &made) != MIR_CODE_OK) tap_skip ("no code memory here");
  MIR_code_get_stats (made, &seen);
  CHECK_INT (seen.mapped_bytes, 0);
  MIR_code_space_finish (made);
}

static void every_status_has_a_text (void) {
  for (int i = MIR_CODE_OK; i <= MIR_CODE_BAD_ORDER; i++)
    for (int j = MIR_CODE_OK; j < i; j++)
      CHECK (strcmp (MIR_code_status_text ((MIR_code_status_t) i),
                     MIR_code_status_text ((MIR_code_status_t) j))
             != 0);
  CHECK (MIR_code_status_text ((MIR_code_status_t) 1000) != NULL);
  CHECK (MIR_code_status_text ((MIR_code_status_t) -1) != NULL);
}

static void the_probe_says_why (void) {
  MIR_code_report_t report;
  set_defaults ();
  if (MIR_code_probe (&options, &report) != MIR_CODE_OK) tap_skip ("no code memory here");
  tap_note ("chosen: %s", report.backend);
  REQUIRE (report.verdicts_num > 0);
  CHECK_STR (report.verdicts[report.verdicts_num - 1].backend, report.backend);
  CHECK (report.verdicts[report.verdicts_num - 1].reason == NULL);
  for (size_t i = 0; i + 1 < report.verdicts_num; i++) {
    tap_note ("not %s: %s (%s)", report.verdicts[i].backend, report.verdicts[i].reason,
              strerror (report.verdicts[i].error));
    CHECK (report.verdicts[i].reason != NULL);
  }
  options.backends = 1u << 30;
  CHECK_INT (MIR_code_probe (&options, &report), MIR_CODE_NO_BACKEND);
  CHECK_PTR (report.backend, NULL);
  CHECK (report.verdicts_num > 0);
  for (size_t i = 0; i < report.verdicts_num; i++) CHECK (report.verdicts[i].reason != NULL);
  options.size = 1;
  CHECK_INT (MIR_code_probe (&options, &report), MIR_CODE_BAD_OPTION);
  CHECK_INT (probe_alloc_finish (&data), 0);
}

/*---------------- Limits -----------------------------*/

/* Publish functions of LEN bytes until there is no more room, run all of them, and return how
   many.  */
static size_t fill_up (size_t len, MIR_code_status_t expected) {
  static uint8_t *funcs[20000];
  size_t n = 0;
  MIR_code_status_t status = MIR_CODE_OK;
  while (n < 20000 && (status = publish_long ((unsigned) n, len, &funcs[n])) == MIR_CODE_OK) n++;
  CHECK_INT (status, expected);
  CHECK_INT (publish_long (0, len, &funcs[n]), expected);
  CHECK_INT (stats ().pieces, n);
  for (unsigned i = 0; i < n; i++) CHECK_INT (code_call (funcs[i]), i);
  for (size_t i = 0; i < n; i += 2) CHECK_INT (MIR_code_free_now (space, funcs[i]), MIR_CODE_OK);
  for (size_t i = 0; i < n; i += 2)
    CHECK_INT (publish_long ((unsigned) i, len, &funcs[i]), MIR_CODE_OK);
  for (unsigned i = 0; i < n; i++) CHECK_INT (code_call (funcs[i]), i);
  return n;
}

static void the_limit_is_kept (void) {
  enum { LIMIT = 1000 * 1024 };
  set_defaults ();
  options.max_bytes = LIMIT;
  start_with_options ();
  size_t n = fill_up (1000, MIR_CODE_LIMIT);
  tap_note ("%zu functions of 1000 bytes in %d bytes", n, LIMIT);
  CHECK (n * 1024 > LIMIT * 9 / 10);
  CHECK (stats ().peak_mapped_bytes <= LIMIT);
  finish ();
  set_defaults ();
  options.max_bytes = 1; /* not even a page */
  start_with_options ();
  CHECK_PTR (publish (1), NULL);
  CHECK_INT (stats ().mapped_bytes, 0);
  finish ();
}

static void refused_mappings_change_nothing (void) {
  start_flip ();
  pages.fail_map_in = 3;
  CHECK_INT (fill_up (1000, MIR_CODE_MAP_REFUSED) > 300, 1);
  CHECK_INT (stats ().mappings, 3);
  pages.fail_map_in = -1;
  CHECK_INT (code_call (publish (5)), 5);
  finish ();
}

#ifdef __SANITIZE_THREAD__
enum { CAN_LIMIT = 0 }; /* ThreadSanitizer needs memory of its own and dies without it */
#else
enum { CAN_LIMIT = 1 };
#endif

static int publish_without_address_space (void) {
  MIR_code_space_t other;
  uint8_t *func = publish (1), *addr;
  if (!CAN_LIMIT || refuse_address_space () != 0) return 77;
  MIR_code_status_t status;
  while ((status = publish_long (2, 5000, &addr)) == MIR_CODE_OK)
    if (code_call (addr) != 2) return 1;
  if (status != MIR_CODE_MAP_REFUSED && status != MIR_CODE_NO_MEMORY
      && status != MIR_CODE_WRITE_REFUSED) /* of back ends which write to a copy */
    return 2;
  if (code_call (func) != 1 || !mir_space_check (space)) return 3;
  options.reserve = 1 << 30;
  status = MIR_code_space_create (&options, &other);
  return status == MIR_CODE_NO_RANGE || status == MIR_CODE_NO_MEMORY
                 || status == MIR_CODE_NO_BACKEND
             ? 0
             : 4;
}

static void refused_address_space_is_an_error (void) {
  start ();
  int status = run_child (publish_without_address_space, NULL, 0).status;
  if (status == 77) tap_skip ("no such limit here");
  CHECK_INT (status, 0);
  finish ();
}

/*---------------- Reserved ranges -----------------------------*/

static size_t distance (const void *a, const void *b) {
  return (uintptr_t) a > (uintptr_t) b ? (uintptr_t) a - (uintptr_t) b
                                       : (uintptr_t) b - (uintptr_t) a;
}

static void start_reserved (size_t reserve, const void *near_addr) {
  set_defaults ();
  options.reserve = reserve;
  options.near_addr = near_addr;
  MIR_code_status_t status = MIR_code_space_create (&options, &space);
  if (status == MIR_CODE_NO_RANGE) tap_skip ("no free range near the program here");
  if (status == MIR_CODE_BAD_OPTION) tap_skip ("this back end has no ranges");
  REQUIRE (status == MIR_CODE_OK);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
}

static void all_code_and_cells_are_in_the_range (void) {
  enum { RESERVE = 8 * 1024 * 1024 };
  MIR_code_cell_t *cell;
  uint8_t *first, *func;
  start_reserved (RESERVE, NULL);
  REQUIRE ((first = publish (1)) != NULL);
  REQUIRE (MIR_code_cell_new (space, first, &cell) == MIR_CODE_OK);
  CHECK (distance (cell, first) < RESERVE);
  while ((func = publish (2)) != NULL && stats ().pieces < 500)
    CHECK (distance (func, first) < RESERVE);
  finish ();
  start_reserved (RESERVE, NULL);
  CHECK (fill_up (2000, MIR_CODE_LIMIT) > 3000);
  CHECK_INT (MIR_code_cell_new (space, NULL, &cell), MIR_CODE_LIMIT);
  finish ();
}

static void trimmed_ranges_are_used_again (void) {
  uint8_t *large;
  start_reserved (4 * 1024 * 1024, NULL);
  for (int i = 0; i < 50; i++) {
    REQUIRE (publish_long (7, 3 * 1024 * 1024, &large) == MIR_CODE_OK);
    CHECK_INT (code_call (large), 7);
    CHECK_INT (MIR_code_free_now (space, large), MIR_CODE_OK);
    CHECK (MIR_code_trim (space) >= 3 * 1024 * 1024);
    CHECK_INT (stats ().mapped_bytes, 0);
  }
  finish ();
}

static unsigned near_function (void) {
  return 77;
}

static void code_is_within_reach_of_the_asked_for_place (void) {
  unsigned (*func) (void) = near_function;
  void *addr;
  memcpy (&addr, &func, sizeof (addr));
  start_reserved (1024 * 1024, addr);
  uint8_t *code = publish (1);
  tap_note ("%zu bytes from the program", distance (code, addr));
  CHECK (distance (code, addr) < mir_cpu.reach);
  finish ();
}

#if defined(__x86_64__)
/* A function which calls another one directly: sub $8,%rsp; call rel32; add $8,%rsp; ret.  */
static void generated_code_calls_the_program_directly (void) {
  unsigned (*func) (void) = near_function;
  uint8_t *target;
  MIR_code_place_t place;
  memcpy (&target, &func, sizeof (target));
  start_reserved (1024 * 1024, target);
  REQUIRE (MIR_code_reserve (writer, 64, 0, &place) == MIR_CODE_OK);
  static const uint8_t code[] = {0x48, 0x83, 0xec, 8, 0xe8, 0, 0, 0, 0, 0x48, 0x83, 0xc4, 8, 0xc3};
  memcpy (place.buffer, code, sizeof (code));
  int32_t offset = (int32_t) (target - (place.addr + 9));
  memcpy (place.buffer + 5, &offset, sizeof (offset));
  REQUIRE (MIR_code_commit (writer, sizeof (code), NULL) == MIR_CODE_OK);
  CHECK_INT (code_call (place.addr), 77);
  finish ();
}
#endif

/*---------------- Giving memory back -----------------------------*/

static void trim_gives_unused_pages_back (void) {
  enum { FUNCS = 3000 };
  static uint8_t *funcs[FUNCS];
  start ();
  for (unsigned i = 0; i < FUNCS; i++) REQUIRE (publish_long (i, 1000, &funcs[i]) == MIR_CODE_OK);
  for (unsigned i = 0; i < FUNCS; i++)
    if (i % 100 != 0) CHECK_INT (MIR_code_free_now (space, funcs[i]), MIR_CODE_OK);
  size_t bytes = MIR_code_trim (space);
  tap_note ("%zu of %zu bytes given back", bytes, (size_t) FUNCS * 1024);
  CHECK (mir_space_check (space));
  for (unsigned i = 0; i < FUNCS; i += 100) CHECK_INT (code_call (funcs[i]), i);
  for (unsigned i = 0; i < FUNCS; i++)
    if (i % 100 != 0) REQUIRE (publish_long (i, 1000, &funcs[i]) == MIR_CODE_OK);
  for (unsigned i = 0; i < FUNCS; i++) CHECK_INT (code_call (funcs[i]), i);
  finish ();
}

/* The library's, which on Windows may stand still for 16 ms and more.  */
static void wait_for_the_clock (uint64_t ms) {
  uint64_t start_time = mir_os_now ();
  while (mir_os_now () - start_time < ms) usleep (1000);
}

static void an_empty_mapping_is_kept_for_a_while (void) {
  uint8_t *large[4];
  set_defaults ();
  options.purge_ms = 60 * 60 * 1000;
  start_with_options ();
  for (int i = 0; i < 4; i++) REQUIRE (publish_long (1, 3 << 20, &large[i]) == MIR_CODE_OK);
  for (int i = 0; i < 4; i++) CHECK_INT (MIR_code_free_now (space, large[i]), MIR_CODE_OK);
  CHECK_INT (stats ().mappings, 4);
  finish ();
  set_defaults ();
  options.purge_ms = 1;
  start_with_options ();
  for (int i = 0; i < 4; i++) REQUIRE (publish_long (1, 3 << 20, &large[i]) == MIR_CODE_OK);
  for (int i = 0; i < 4; i++) {
    CHECK_INT (MIR_code_free_now (space, large[i]), MIR_CODE_OK);
    wait_for_the_clock (5);
  }
  CHECK (stats ().mappings <= 2);
  finish ();
}

int main (void) {
  TEST_RUN (wrong_options_are_refused);
  TEST_RUN (older_options_have_the_rest_as_default);
  TEST_RUN (no_options_are_all_defaults);
  TEST_RUN (every_status_has_a_text);
  TEST_RUN (the_probe_says_why);
  TEST_RUN (the_limit_is_kept);
  TEST_RUN (refused_mappings_change_nothing);
  TEST_RUN (refused_address_space_is_an_error);
  TEST_RUN (all_code_and_cells_are_in_the_range);
  TEST_RUN (trimmed_ranges_are_used_again);
  TEST_RUN (code_is_within_reach_of_the_asked_for_place);
#if defined(__x86_64__)
  TEST_RUN (generated_code_calls_the_program_directly);
#endif
  TEST_RUN (trim_gives_unused_pages_back);
  TEST_RUN (an_empty_mapping_is_kept_for_a_while);
  return tap_done ();
}
