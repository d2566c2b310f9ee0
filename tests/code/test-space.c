/* Spaces: their options and limits, the probe, and memory that they give back.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "code/space-fixture.h"

#include <setjmp.h>
#include <stdio.h>
#include <unistd.h>

#include "mir.h"
#include "support/child.h"
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
  options.reserve =
      SIZE_MAX / 2; /* no more than a program of 32 bits may have, in a system of 64 */
  MIR_code_status_t status = create ();
  CHECK (status == MIR_CODE_NO_RANGE || (status == MIR_CODE_OK && sizeof (void *) == 4));
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
  options.reserve = 1; /* behind the members that `size` covers */
  start_with_options ();
  CHECK_INT (code_call (publish (1)), 1);
  finish ();
  MIR_code_space_finish (NULL);
  MIR_code_writer_finish (NULL);
}

static void no_options_are_all_defaults (void) {
  MIR_code_space_t made;
  MIR_code_stats_t seen = {.size = sizeof (seen)};
  if (MIR_code_space_create (NULL, &made) != MIR_CODE_OK) tap_skip ("no code memory here");
  (void) MIR_code_get_stats (made, &seen);
  CHECK_INT (seen.mapped_bytes, 0);
  MIR_code_space_finish (made);
}

static void every_status_has_a_text (void) {
  for (int i = MIR_CODE_OK; i <= MIR_CODE_TOO_MANY_MAPPINGS; i++)
    for (int j = MIR_CODE_OK; j < i; j++)
      CHECK (strcmp (MIR_code_status_text ((MIR_code_status_t) i),
                     MIR_code_status_text ((MIR_code_status_t) j))
             != 0);
  CHECK (MIR_code_status_text ((MIR_code_status_t) 1000) != NULL);
  CHECK (MIR_code_status_text ((MIR_code_status_t) -1) != NULL);
}

static void the_probe_says_why (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
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

/* A block that takes all that is left of the limit, which is less than a slab.  */
static void the_limit_can_be_used_up (void) {
  enum { LIMIT = 32 * 1024 };
  uint8_t *addr;
  set_defaults ();
  options.max_bytes = LIMIT;
  start_with_options ();
  CHECK_INT (publish_long (1, LIMIT, &addr), MIR_CODE_LIMIT);
  REQUIRE (publish_long (1, LIMIT - 2 * GRANULE, &addr) == MIR_CODE_OK);
  CHECK_INT (code_call (addr), 1);
  CHECK_INT (stats ().mapped_bytes, LIMIT);
  finish ();
}

static void *(*map_any) (size_t len, void *user_data);

static void *map_small (size_t len, void *user_data) {
  return len > 64 * 1024 ? NULL : map_any (len, user_data);
}

static void where_much_is_refused_as_little_as_will_do_is_mapped (void) {
  uint8_t *addr;
  start_flip ();
  map_any = pages.alloc.mem_map;
  pages.alloc.mem_map = map_small;
  for (int i = 0; i < 50; i++) REQUIRE (publish_long (7, 30 * 1024, &addr) == MIR_CODE_OK);
  CHECK_INT (code_call (addr), 7);
  CHECK_INT (publish_long (7, 65 * 1024, &addr), MIR_CODE_MAP_REFUSED);
  finish ();
}

/* Empty mappings count as mapped, but are unmapped before the limit refuses anything.  */
static void empty_mappings_make_way_at_the_limit (void) {
  uint8_t *addr;
  MIR_code_writer_t other;
  set_defaults ();
  options.max_bytes = 1024 * 1024;
  options.purge_ms = 60 * 60 * 1000;
  start_with_options ();
  REQUIRE (publish_long (1, 700 * 1024, &addr) == MIR_CODE_OK);
  REQUIRE (MIR_code_free_now (space, addr) == MIR_CODE_OK);
  REQUIRE (MIR_code_writer_create (space, &other) == MIR_CODE_OK);
  MIR_code_writer_finish (writer);
  writer = other;
  REQUIRE (publish_long (2, 800 * 1024, &addr) == MIR_CODE_OK);
  CHECK_INT (code_call (addr), 2);
  finish ();
}

static void refused_mappings_change_nothing (void) {
  start_flip ();
  pages.fail_map_in = 3;
  CHECK_INT (fill_up (1000, MIR_CODE_MAP_REFUSED) > 300, 1);
  CHECK_INT (stats ().mappings, 3);
  CHECK_INT (stats ().peak_mapped_bytes, stats ().mapped_bytes);
  pages.fail_map_in = -1;
  CHECK_INT (code_call (publish (5)), 5);
  finish ();
}

#ifdef __SANITIZE_THREAD__
enum { CAN_LIMIT = 0 }; /* ThreadSanitizer dies without addresses for its own memory */
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
  if (status != MIR_CODE_NO_ADDRESS_SPACE && status != MIR_CODE_NO_MEMORY) return 2;
  if (code_call (func) != 1 || !mir_space_check (space)) return 3;
  options.reserve = 1 << 30;
  status = MIR_code_space_create (&options, &other);
  return status == MIR_CODE_NO_ADDRESS_SPACE || status == MIR_CODE_NO_MEMORY ? 0 : 4;
}

static void refused_address_space_is_an_error (void) {
  start ();
  int status = run_child (publish_without_address_space, NULL, 0).status;
  if (status == 77) tap_skip ("no such limit here");
  CHECK_INT (status, 0);
  finish ();
}

/*---------------- Allocators that longjmp -----------------------------*/

static jmp_buf out_of_memory;
static void *(*whole_malloc) (size_t size, void *user_data);
static int leave_in; /* calls which still succeed */

static void *malloc_or_leave (size_t size, void *user_data) {
  if (leave_in-- == 0) longjmp (out_of_memory, 1);
  return whole_malloc (size, user_data);
}

static void leave_after (int successes) {
  whole_malloc = data.alloc.malloc;
  data.alloc.malloc = malloc_or_leave;
  leave_in = successes;
}

static void an_allocator_that_longjmps_loses_nothing (void) {
  static int n, left; /* static: longjmp leaves them alone */
  static size_t bookkeeping;
  for (n = 0, left = 1; left; n++) {
    set_defaults ();
    options.reserve = 16 * 1024 * 1024;
    left = 0;
    leave_after (n);
    if (setjmp (out_of_memory) == 0) {
      MIR_code_status_t status = MIR_code_space_create (&options, &space);
      if (status == MIR_CODE_BAD_OPTION) tap_skip ("this back end has no ranges");
      REQUIRE (status == MIR_CODE_OK);
      MIR_code_space_finish (space);
    } else {
      left = 1;
    }
    data.alloc.malloc = whole_malloc;
    CHECK_INT (probe_alloc_finish (&data), 0);
  }
  start ();
  MIR_code_writer_finish (writer);
  bookkeeping = stats ().bookkeeping_bytes;
  for (n = 0, left = 1; left; n++) {
    left = 0;
    leave_after (n);
    if (setjmp (out_of_memory) == 0)
      REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
    else
      left = 1;
    data.alloc.malloc = whole_malloc;
  }
  MIR_code_writer_finish (writer);
  writer = NULL;
  CHECK_INT (stats ().bookkeeping_bytes, bookkeeping); /* the one idle pool included */
  finish ();
}

/* The allocator frees the memory of an unfinished context, so a fork must not look for a space in
   it.  */
static int do_nothing (void) {
  return 0;
}

static void a_context_that_was_not_finished_is_forgotten (void) {
  static int n, left;
  for (n = 0, left = 1; left; n++) {
    left = 0;
    probe_alloc_init (&data);
    leave_after (n);
    if (setjmp (out_of_memory) == 0)
      MIR_finish (MIR_init2 (&data.alloc, NULL));
    else
      left = 1;
    (void) probe_alloc_finish (&data);
    CHECK_INT (run_child (do_nothing, NULL, 0).status, 0);
  }
  CHECK (n > 2);
}

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

/* Wait by the library's clock, which on Windows may stand still for 16 ms and more.  */
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
  TEST_RUN (the_limit_can_be_used_up);
  TEST_RUN (where_much_is_refused_as_little_as_will_do_is_mapped);
  TEST_RUN (empty_mappings_make_way_at_the_limit);
  TEST_RUN (refused_mappings_change_nothing);
  TEST_RUN (refused_address_space_is_an_error);
  TEST_RUN (an_allocator_that_longjmps_loses_nothing);
  TEST_RUN (a_context_that_was_not_finished_is_forgotten);
  TEST_RUN (trim_gives_unused_pages_back);
  TEST_RUN (an_empty_mapping_is_kept_for_a_while);
  return tap_done ();
}
