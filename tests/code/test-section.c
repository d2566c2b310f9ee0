/* The section back end, ranges and the default code allocator of Windows: their protections, and
   that they give all memory back whichever call is refused.  */
#include "mir-code-alloc-default.c"

#include <pthread.h>

#include "code/backend-fixture.h"
#include "support/imports-windows.h"
#include "support/maps-windows.h"
#include "mir.h"
#include "mir-code.h"
#include "support/probe-alloc.h"

enum { UNIT = 64 * 1024, RANGE = 8 * UNIT };

/*---------------- Two views -----------------------------*/

static void code_runs_and_can_be_changed (void) {
  start (4);
  for (size_t i = 0; i < pages.len; i += 512) REQUIRE (put (i, (unsigned) i) == MIR_CODE_OK);
  for (size_t i = 0; i < pages.len; i += 512) CHECK_INT (call (i), i);
  REQUIRE (put (512, 1) == MIR_CODE_OK && put (512, 2) == MIR_CODE_OK);
  CHECK_INT (call (512), 2);
  CHECK_INT (call (1024), 1024);
  finish ();
}

static int can_become (uint8_t *start_of_view, DWORD protection) {
  DWORD old;
  return VirtualProtect (start_of_view, mir_os_page_size (), protection, &old);
}

static void nothing_is_writable_and_executable (void) {
  const char *rw = level == MIR_CODE_CLOSED_ALIAS ? "none" : "rw";
  uint8_t *writable;
  start (4);
  REQUIRE (put (0, 1) == MIR_CODE_OK);
  CHECK_STR (access_of (pages.rx), "rx");
  CHECK_STR (access_of (pages.rw), rw);
  CHECK_INT (look_around ().open, 0);
  REQUIRE (backend->open (&pages, pages.rx, 64, &writable) == MIR_CODE_OK);
  CHECK_STR (access_of (pages.rx), "rx");
  CHECK_STR (access_of (pages.rw), "rw");
  CHECK_INT (look_around ().open, 0);
  REQUIRE (backend->close (&pages, pages.rx, 64, writable) == MIR_CODE_OK);
  CHECK_STR (access_of (pages.rw), rw);
  finish ();
}

/* The system refuses more access than a view was mapped with.  */
static void views_cannot_be_given_more_access (void) {
  start (1);
  CHECK (!can_become (pages.rx, PAGE_READWRITE));
  CHECK (!can_become (pages.rx, PAGE_EXECUTE_READWRITE));
  CHECK (!can_become (pages.rw, PAGE_EXECUTE_READ));
  CHECK (!can_become (pages.rw, PAGE_EXECUTE_READWRITE));
  CHECK_STR (access_of (pages.rx), "rx");
  finish ();
}

static void all_views_are_given_back (void) {
  start (16);
  struct mir_pages mapped = pages;
  REQUIRE (put (0, 1) == MIR_CODE_OK);
  finish ();
  CHECK_STR (access_of (mapped.rx), "free");
  CHECK_STR (access_of (mapped.rw), "free");
}

/*---------------- Ranges -----------------------------*/

static void a_place_in_a_range_is_taken_and_left (void) {
  struct mir_pages other;
  skip_unless_it_works ();
  uint8_t *range = (uint8_t *) mir_os_reserve (RANGE, NULL, 0);
  REQUIRE (range != NULL);
  for (int round = 0; round < 3; round++) {
    map_at (&pages, UNIT, range + UNIT);
    map_at (&other, 2 * UNIT, range + 2 * UNIT);
    CHECK_PTR (pages.rx, range + UNIT);
    CHECK_PTR (other.rx, range + 2 * UNIT);
    REQUIRE (put (0, 1) == MIR_CODE_OK && put_in (&other, UNIT, 2) == MIR_CODE_OK);
    CHECK_INT (call (0), 1);
    finish ();
    CHECK (pages.reserved);
    CHECK_STR (access_of (range + UNIT), "reserved");
    CHECK_INT (code_call (other.rx + UNIT), 2);
    CHECK_INT (backend->unmap (&other), 0);
    map_at (&other, 5 * UNIT, range + UNIT); /* in place of both */
    CHECK_PTR (other.rx, range + UNIT);
    CHECK_INT (backend->unmap (&other), 0);
  }
  for (int i = 0; i < RANGE / UNIT; i++) CHECK_STR (access_of (range + i * UNIT), "reserved");
  mir_os_unreserve (range, RANGE);
  CHECK_STR (access_of (range), "free");
  CHECK_STR (access_of (range + UNIT), "free");
  CHECK_STR (access_of (range + RANGE - UNIT), "free");
}

static size_t distance (const void *one, const void *two) {
  uintptr_t a = (uintptr_t) one, b = (uintptr_t) two;
  return a < b ? b - a : a - b;
}

static void ranges_are_near_and_given_back (void) {
  const size_t reaches[] = {(size_t) 1 << 31, 128 << 20}, lens[] = {UNIT, 16 << 20, 64 << 20};
  void (*func) (void) = ranges_are_near_and_given_back;
  void *addr;
  memcpy (&addr, &func, sizeof (addr));
  struct taken before = look_around ();
  for (int r = 0; r < 2; r++)
    for (int l = 0; l < 3; l++) {
      uint8_t *range = (uint8_t *) mir_os_reserve (lens[l], addr, reaches[r]);
      REQUIRE (range != NULL);
      CHECK (distance (range, addr) < reaches[r]);
      CHECK (distance (range + lens[l] - 1, addr) < reaches[r]);
      REQUIRE (mir_os_commit_data (range, UNIT) == 0);
      range[UNIT - 1] = 1;
      CHECK_STR (access_of (range), "rw");
      mir_os_unreserve (range, lens[l]);
    }
  CHECK_INT (look_around ().bytes, before.bytes);
  CHECK_PTR (mir_os_reserve (64 << 20, addr, 32 << 20), NULL);
  CHECK_PTR (mir_os_reserve (SIZE_MAX / 2, NULL, 0), NULL);
  CHECK_INT (look_around ().bytes, before.bytes);
}

/*---------------- Refusals -----------------------------*/

/* Map at AT, NULL for anywhere, with each call refused in turn.  */
static void check_refusals (uint8_t *at) {
  int refused = 1;
  struct taken before = look_around ();
  for (long n = 0; refused; n++) {
    imports_reset ();
    imports.fail_in = n;
    pages.level = level;
    MIR_code_status_t status = backend->map (&pages, 2 * UNIT, at);
    refused = imports.failed;
    imports.fail_in = -1;
    if (status == MIR_CODE_OK) {
      CHECK_INT (backend->unmap (&pages), 0);
    } else {
      CHECK_INT (status, MIR_CODE_MAP_REFUSED);
      CHECK_INT (mir_os_error (), ERROR_NOT_ENOUGH_MEMORY);
    }
    CHECK_INT (imports.handles_closed, imports.sections);
    CHECK_INT (look_around ().bytes, before.bytes);
    CHECK_INT (look_around ().views, before.views);
    if (at != NULL) {
      CHECK (pages.reserved);
      CHECK_STR (access_of (at), "reserved");
      CHECK_STR (access_of (at + UNIT), "reserved");
    }
  }
}

static void refused_calls_change_nothing (void) {
  skip_unless_it_works ();
  check_refusals (NULL);
}

static void refused_calls_change_nothing_in_a_range (void) {
  skip_unless_it_works ();
  uint8_t *range = (uint8_t *) mir_os_reserve (RANGE, NULL, 0);
  REQUIRE (range != NULL);
  check_refusals (range + UNIT);
  mir_os_unreserve (range, RANGE);
}

/* For systems without placeholders.  */
static void check_others (uint8_t *range) {
  uint8_t sum = 0x77;
  if (!imports.got) {
    imports_reset ();
    mir_os_unreserve (range, RANGE);
    tap_skip ("addresses are never free in between");
  }
  mir_os_unreserve (range, RANGE);
  for (size_t i = 0; i < OTHERS_LEN; i++) sum &= ((uint8_t *) imports.wanted)[i];
  CHECK_INT (sum, 0x77);
  CHECK_STR (access_of (range), "free");
  VirtualFree (imports.wanted, 0, MEM_RELEASE);
  imports_reset ();
}

static void memory_in_the_place_of_a_view_is_left_alone (void) {
  skip_unless_it_works ();
  uint8_t *range = (uint8_t *) mir_os_reserve (RANGE, NULL, 0);
  REQUIRE (range != NULL);
  map_at (&pages, 2 * UNIT, range + UNIT);
  imports_reset ();
  imports.wanted = range + UNIT;
  CHECK_INT (backend->unmap (&pages), 0);
  CHECK (pages.reserved == !imports.got);
  check_others (range);
}

static void memory_in_the_place_of_a_reservation_is_left_alone (void) {
  skip_unless_it_works ();
  uint8_t *range = (uint8_t *) mir_os_reserve (RANGE, NULL, 0);
  REQUIRE (range != NULL);
  imports_reset ();
  imports.wanted = range + 2 * UNIT;
  pages.level = level;
  MIR_code_status_t status = backend->map (&pages, 2 * UNIT, range + UNIT);
  if (status == MIR_CODE_OK) CHECK_INT (backend->unmap (&pages), 0);
  CHECK_INT (status, imports.got ? MIR_CODE_MAP_REFUSED : MIR_CODE_OK);
  CHECK (pages.reserved == !imports.got);
  check_others (range);
}

/*---------------- Spaces -----------------------------*/

static struct probe_alloc data;

/* A lost place is not tried again, and all others are used.  */
static void a_space_goes_on_without_a_lost_place (void) {
  static uint8_t bytes[40000];
  MIR_code_options_t options = {.size = sizeof (options), .reserve = 16 * UNIT};
  MIR_code_space_t space;
  MIR_code_writer_t writer;
  uint8_t *first, *addr, *lowest;
  uint32_t used = 0; /* a bit for each unit of the range */
  probe_alloc_init (&data);
  imports_reset ();
  options.alloc = &data.alloc;
  code_returning (bytes, 7);
  REQUIRE (MIR_code_space_create (&options, &space) == MIR_CODE_OK);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  REQUIRE (MIR_code_publish (writer, bytes, sizeof (bytes), NULL, &first) == MIR_CODE_OK);
  REQUIRE (MIR_code_free_now (space, first) == MIR_CODE_OK);
  imports.wanted = (void *) ((uintptr_t) first & ~(uintptr_t) (UNIT - 1));
  CHECK (MIR_code_trim (space) > 0);
  int lost = imports.got;
  lowest = (uint8_t *) imports.wanted; /* a range is filled from its start */
  while (MIR_code_publish (writer, bytes, sizeof (bytes), NULL, &addr) == MIR_CODE_OK) {
    CHECK_INT (code_call (addr), 7);
    used |= 1u << (addr - lowest) / UNIT | 1u << (addr + sizeof (bytes) - 1 - lowest) / UNIT;
  }
  CHECK_INT (used, lost ? 0xfffe : 0xffff);
  MIR_code_space_finish (space);
  CHECK_INT (probe_alloc_finish (&data), 0);
  if (!lost) tap_skip ("addresses are never free in between");
  CHECK_INT (*(uint8_t *) imports.wanted, 0x77);
  VirtualFree (imports.wanted, 0, MEM_RELEASE);
  imports_reset ();
}

static void use_space (const MIR_code_options_t *options) {
  static uint8_t bytes[100000];
  MIR_code_space_t space;
  MIR_code_writer_t writer;
  MIR_code_cell_t *cell;
  uint8_t *addr;
  code_returning (bytes, 7);
  REQUIRE (MIR_code_space_create (options, &space) == MIR_CODE_OK);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  for (size_t len = CODE_LEN; len < sizeof (bytes); len = len * 3 + 1) {
    REQUIRE (MIR_code_publish (writer, bytes, len, NULL, &addr) == MIR_CODE_OK);
    CHECK_INT (code_call (addr), 7);
  }
  REQUIRE (MIR_code_free_now (space, addr) == MIR_CODE_OK);
  REQUIRE (MIR_code_cell_new (space, addr, &cell) == MIR_CODE_OK);
  CHECK_INT (look_around ().open, 0);
  (void) MIR_code_trim (space);
  MIR_code_space_finish (space);
}

static void use_context (MIR_code_alloc_t code_alloc) {
  uint8_t code[CODE_LEN];
  MIR_context_t ctx = MIR_init2 (&data.alloc, code_alloc);
  REQUIRE (ctx != NULL);
  code_returning (code, 5);
  uint8_t *addr = _MIR_publish_code (ctx, code, CODE_LEN);
  void *thunk = _MIR_get_thunk (ctx);
  _MIR_redirect_thunk (ctx, thunk, addr);
  CHECK_INT (code_call (thunk), 5);
  CHECK_INT (look_around ().open, 0);
  MIR_finish (ctx);
  CHECK_STR (access_of (addr), "free");
  CHECK_STR (access_of (thunk), "free");
}

/* Call USE a thousand times: it leaves nothing.  The C library's heap may grow, but by less than half of the
   smallest mapping for each round.  */
static void check_a_thousand (void (*use) (const void *arg), const void *arg) {
  enum { WARM_UP = 10, ROUNDS = 1000 };
  struct taken before = {0, 0, 0}, after;
  probe_alloc_init (&data);
  imports_reset ();
  HANDLE handle = NULL, later;
  for (int i = 0; i < WARM_UP + ROUNDS; i++) {
    if (i == WARM_UP) {
      before = look_around ();
      handle = CreateEventW (NULL, FALSE, FALSE, NULL);
      CloseHandle (handle);
      imports.sections = imports.handles_closed = 0;
    }
    use (arg);
  }
  CHECK (imports.handles_closed >= imports.sections); /* threads have handles, too */
  after = look_around ();
  CHECK (after.bytes < before.bytes + ROUNDS * (UNIT / 2));
  CHECK_INT (after.views, before.views);
  /* Handles are used again.  */
  later = CreateEventW (NULL, FALSE, FALSE, NULL);
  CHECK (distance (later, handle) < 100 * 4);
  CloseHandle (later);
  CHECK_INT (probe_alloc_finish (&data), 0);
}

static void use_space_of (const void *arg) {
  use_space ((const MIR_code_options_t *) arg);
}

static void use_context_over (const void *arg) {
  (void) arg;
  use_context (NULL);
}

static void use_context_over_the_default_allocator (const void *arg) {
  (void) arg;
  use_context (&default_code_alloc);
}

static void a_thousand_contexts_leave_nothing (void) {
  check_a_thousand (use_context_over, NULL);
}

static void *use_context_in_thread (void *arg) {
  uint8_t code[CODE_LEN];
  MIR_context_t ctx = MIR_init ();
  int *failed = (int *) arg;
  if (ctx == NULL) return NULL;
  code_returning (code, 5);
  uint8_t *addr = _MIR_publish_code (ctx, code, CODE_LEN);
  *failed = code_call (addr) != 5;
  MIR_finish (ctx);
  return NULL;
}

/* The default allocator has a heap for each thread.  */
static void start_thread (const void *arg) {
  pthread_t thread;
  int failed = 1;
  (void) arg;
  REQUIRE (pthread_create (&thread, NULL, use_context_in_thread, &failed) == 0);
  pthread_join (thread, NULL);
  CHECK (!failed);
}

static void a_thousand_threads_leave_nothing (void) {
  check_a_thousand (start_thread, NULL);
}

static void a_thousand_contexts_over_virtual_alloc_leave_nothing (void) {
  check_a_thousand (use_context_over_the_default_allocator, NULL);
}

static void a_thousand_spaces_leave_nothing (void) {
  MIR_code_options_t options = {.size = sizeof (options), .alloc = &data.alloc};
  check_a_thousand (use_space_of, &options);
}

static void a_thousand_closed_spaces_leave_nothing (void) {
  MIR_code_options_t options = {
      .size = sizeof (options), .alloc = &data.alloc, .protection = MIR_CODE_CLOSED_ALIAS};
  check_a_thousand (use_space_of, &options);
}

static void a_thousand_reserved_spaces_leave_nothing (void) {
  MIR_code_options_t options = {.size = sizeof (options),
                                .alloc = &data.alloc,
                                .reserve = 32 * UNIT,
                                .near_addr = &default_code_alloc};
  check_a_thousand (use_space_of, &options);
}

/*---------------- The default code allocator -----------------------------*/

/* MIR's own allocator passes the length to VirtualFree, which refuses it.  */
static void unmapped_ranges_are_free (void) {
  struct taken before = look_around ();
  for (size_t len = mir_os_page_size (); len < 10000000; len *= 7) {
    uint8_t *range = (uint8_t *) MIR_mem_map (&default_code_alloc, len);
    REQUIRE (!MIR_mem_map_failed (range));
    CHECK_STR (access_of (range), "none");
    CHECK_INT (MIR_mem_protect (&default_code_alloc, range, len, PROT_WRITE_EXEC), 0);
    code_returning (range, 3);
    CHECK_INT (MIR_mem_protect (&default_code_alloc, range, len, PROT_READ_EXEC), 0);
    CHECK_STR (access_of (range), "rx");
    CHECK_INT (code_call (range), 3);
    CHECK_INT (MIR_mem_unmap (&default_code_alloc, range, len), 0);
    CHECK_STR (access_of (range), "free");
    CHECK_STR (access_of (range + len - 1), "free");
  }
  CHECK_INT (look_around ().bytes, before.bytes);
}

/*---------------- The probe -----------------------------*/

static void note (const MIR_code_report_t *report) {
  for (size_t i = 0; i < report->verdicts_num; i++)
    tap_note ("%s: %s, error %d", report->verdicts[i].backend,
              report->verdicts[i].reason == NULL ? "works" : report->verdicts[i].reason,
              report->verdicts[i].error);
}

static void without_sections_protections_change (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  imports_reset ();
  CHECK_INT (MIR_code_probe (NULL, &report), MIR_CODE_OK);
  CHECK_STR (report.backend, "section");
  imports.no_sections = 1;
  CHECK_INT (MIR_code_probe (NULL, &report), MIR_CODE_OK);
  note (&report);
  CHECK_STR (report.backend, "flip");
  REQUIRE (report.verdicts_num == 2);
  CHECK_STR (report.verdicts[0].backend, "section");
  CHECK_STR (report.verdicts[0].reason, "the system refused to map executable memory");
  CHECK_INT (report.verdicts[0].error, DYNAMIC_CODE_BLOCKED);
  imports_reset ();
}

/* Simulates ProcessDynamicCodePolicy, which Wine does not have.  */
static void without_executable_memory_there_is_no_context (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  MIR_code_space_t space;
  struct taken before = look_around ();
  probe_alloc_init (&data);
  imports_reset ();
  imports.no_executable = 1;
  mir_backend_forget ();
  CHECK_INT (MIR_code_probe (NULL, &report), MIR_CODE_NO_BACKEND);
  note (&report);
  CHECK_PTR (report.backend, NULL);
  for (size_t i = 0; i < report.verdicts_num; i++)
    CHECK_INT (report.verdicts[i].error, DYNAMIC_CODE_BLOCKED);
  CHECK_INT (MIR_code_space_create (NULL, &space), MIR_CODE_NO_BACKEND);
  CHECK_PTR (MIR_init2 (&data.alloc, NULL), NULL);
  CHECK_INT (imports.handles_closed, imports.sections);
  CHECK_INT (look_around ().bytes, before.bytes);
  imports_reset ();
  mir_backend_forget ();
  CHECK_INT (MIR_code_probe (NULL, &report), MIR_CODE_OK);
  CHECK_INT (probe_alloc_finish (&data), 0);
}

int main (void) {
  RUN_FOR_ALL (code_runs_and_can_be_changed);
  RUN_FOR_ALL (nothing_is_writable_and_executable);
  RUN_FOR_ALL (views_cannot_be_given_more_access);
  RUN_FOR_ALL (all_views_are_given_back);
  RUN_FOR_ALL (a_place_in_a_range_is_taken_and_left);
  RUN_FOR_ALL (refused_calls_change_nothing);
  RUN_FOR_ALL (refused_calls_change_nothing_in_a_range);
  RUN_FOR_ALL (memory_in_the_place_of_a_view_is_left_alone);
  RUN_FOR_ALL (memory_in_the_place_of_a_reservation_is_left_alone);
  TEST_RUN (ranges_are_near_and_given_back);
  TEST_RUN (a_space_goes_on_without_a_lost_place);
  TEST_RUN (a_thousand_contexts_leave_nothing);
  TEST_RUN (a_thousand_threads_leave_nothing);
  TEST_RUN (a_thousand_contexts_over_virtual_alloc_leave_nothing);
  TEST_RUN (a_thousand_spaces_leave_nothing);
  TEST_RUN (a_thousand_closed_spaces_leave_nothing);
  TEST_RUN (a_thousand_reserved_spaces_leave_nothing);
  TEST_RUN (unmapped_ranges_are_free);
  TEST_RUN (without_sections_protections_change);
  TEST_RUN (without_executable_memory_there_is_no_context);
  return tap_done ();
}
