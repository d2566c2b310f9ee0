/* Reserved ranges: code and cells are in one, within direct-call range of a given address.  */
#include "code/space-fixture.h"

#include "code/cpu.h"

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

/* Sealed mappings keep their addresses, so the range is used up, but no sooner than that.  */
static void sealed_parts_of_a_range_are_not_used_again (void) {
  enum { RESERVE = 16 * 1024 * 1024, LEN = 200 * 1024, TIMES = 10 };
  uint8_t *addr;
  int times = 0;
  set_defaults ();
  options.protection = MIR_CODE_SEALED;
  options.reserve = RESERVE;
  if (MIR_code_space_create (&options, &space) != MIR_CODE_OK) tap_skip ("no sealed ranges here");
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  MIR_code_status_t status;
  while ((status = publish_long (3, LEN, &addr)) == MIR_CODE_OK && times < 2 * TIMES) {
    CHECK_INT (code_call (addr), 3);
    CHECK_INT (MIR_code_free_now (space, addr), MIR_CODE_OK);
    CHECK (MIR_code_trim (space) >= LEN);
    CHECK_INT (stats ().mappings, 0);
    times++;
  }
  if (status != MIR_CODE_OK) CHECK_INT (status, MIR_CODE_LIMIT);
  CHECK (times >= TIMES);
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
/* A function with a direct call: sub $8,%rsp; call rel32; add $8,%rsp; ret.  */
static void generated_code_calls_the_program_directly (void) {
  unsigned (*func) (void) = near_function;
  uint8_t *target;
  MIR_code_place_t place = {.size = sizeof (place)};
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

int main (void) {
  TEST_RUN (all_code_and_cells_are_in_the_range);
  TEST_RUN (trimmed_ranges_are_used_again);
  TEST_RUN (sealed_parts_of_a_range_are_not_used_again);
  TEST_RUN (code_is_within_reach_of_the_asked_for_place);
#if defined(__x86_64__)
  TEST_RUN (generated_code_calls_the_program_directly);
#endif
  return tap_done ();
}
