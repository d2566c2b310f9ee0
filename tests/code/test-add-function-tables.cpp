// Function tables that an embedder gives on Windows: exceptions pass through generated code without frame
// pointers, as long as it lives, and what is malformed is refused.
#include "mir-code-object.h"

#include <stdlib.h>
#include <string.h>

#include "support/probe-alloc.h"
#include "support/tap.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

enum { RESERVE = 32 << 20, MAX_BLOCKS = 2000 };

static struct probe_alloc data;
static MIR_code_space_t space;
static MIR_code_writer_t writer;
static uint8_t *range_start;

static void begin () {
  probe_alloc_init (&data);
  MIR_code_options_t options = {};
  size_t len;
  options.size = sizeof (options);
  options.alloc = &data.alloc;
  options.reserve = RESERVE;
  REQUIRE (MIR_code_space_create (&options, &space) == MIR_CODE_OK);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  MIR_code_range (space, &range_start, &len);
  REQUIRE (range_start != nullptr);
}

static void finish () {
  MIR_code_writer_finish (writer);
  MIR_code_space_finish (space);
  CHECK_INT (probe_alloc_finish (&data), 0);
}

//---------------- Blocks -----------------------------

// A function, the description of its frame, and its entry, in one block.
struct layout {
  uint8_t code[12];  // sub rsp, SIZE; call rcx; add rsp, SIZE; ret
  uint8_t info[8];   // UNWIND_INFO: a prologue of 4 bytes, which allocates SIZE
  RUNTIME_FUNCTION entry;
};

static uint8_t *new_block (unsigned i, size_t len) {
  static uint8_t bytes[200000];
  struct layout layout = {};
  MIR_code_place_t place = {};
  uint8_t size = (uint8_t) (40 + 16 * (i % 5));
  const uint8_t code[] = {0x48, 0x83, 0xec, size, 0xff, 0xd1, 0x48, 0x83, 0xc4, size, 0xc3};
  const uint8_t info[] = {1, 4, 1, 0, 4, (uint8_t) (2 | (size / 8 - 1) << 4)};
  place.size = sizeof (place);
  REQUIRE (len >= sizeof (layout) && len <= sizeof (bytes));
  REQUIRE (MIR_code_reserve (writer, len, 0, &place) == MIR_CODE_OK);
  memcpy (layout.code, code, sizeof (code));
  memcpy (layout.info, info, sizeof (info));
  DWORD at = (DWORD) (place.addr - range_start);
  layout.entry.BeginAddress = at;
  layout.entry.EndAddress = at + (DWORD) sizeof (code);
  layout.entry.UnwindData = at + (DWORD) offsetof (struct layout, info);
  memcpy (place.buffer, &layout, sizeof (layout));
  REQUIRE (MIR_code_commit (writer, len, nullptr) == MIR_CODE_OK);
  return place.addr;
}

static MIR_code_status_t describe (uint8_t *addr) {
  return MIR_code_add_frames (space, addr, addr + offsetof (struct layout, entry),
                              sizeof (RUNTIME_FUNCTION));
}

static uint8_t *new_described (unsigned i, size_t len) {
  uint8_t *addr = new_block (i, len);
  CHECK_INT (describe (addr), MIR_CODE_OK);
  return addr;
}

static int is_known (const uint8_t *pc) {
  DWORD64 base;
  return RtlLookupFunctionEntry ((DWORD64) (uintptr_t) pc, &base, nullptr) != nullptr;
}

static void free_block (uint8_t *addr) {
  CHECK_INT (MIR_code_free_now (space, addr), MIR_CODE_OK);
  CHECK (!is_known (addr));
}

static void throw_42 () {
  throw 42;
}

static __attribute__ ((noinline)) int throw_through (const uint8_t *addr) {
  void (*func) (void (*) ());
  memcpy (&func, &addr, sizeof (func));
  try {
    func (throw_42);
  } catch (int thrown) {
    return thrown;
  }
  return 0;
}

//---------------- Tests -----------------------------

static uint8_t *blocks[MAX_BLOCKS];

static void exceptions_pass_through_described_code () {
  begin ();
  for (unsigned i = 0; i < 10; i++) {
    uint8_t *addr = new_block (i, 100);
    CHECK (!is_known (addr));
    CHECK_INT (describe (addr), MIR_CODE_OK);
    CHECK (is_known (addr) && is_known (addr + 10) && !is_known (addr + 11));
    CHECK_INT (throw_through (addr), 42);
    blocks[i] = addr;
  }
  for (unsigned i = 0; i < 10; i++) CHECK_INT (throw_through (blocks[i]), 42);
  finish ();
  for (unsigned i = 0; i < 10; i++) CHECK (!is_known (blocks[i]));
}

static void blocks_come_and_go () {
  size_t num = tap_scaled (MAX_BLOCKS), most = MAX_BLOCKS;
  if (num > most) num = most;
  begin ();
  for (unsigned i = 0; i < num; i++)
    blocks[i] = new_described (i, i % 50 == 9 ? 100000 : 64 + i % 200);
  for (unsigned round = 0; round < 3; round++) {
    for (unsigned i = round; i < num; i += 3) free_block (blocks[i]);
    for (unsigned i = round + 1; i < num; i += 3) CHECK_INT (throw_through (blocks[i]), 42);
    for (unsigned i = round; i < num; i += 3) blocks[i] = new_described (i + round, 40 + i % 300);
  }
  for (unsigned i = 0; i < num; i++) CHECK_INT (throw_through (blocks[i]), 42);
  for (unsigned i = 0; i < num; i++) free_block (blocks[i]);
  (void) MIR_code_trim (space);
  CHECK_INT (throw_through (new_described (1, 100)), 42);
  finish ();
}

static void spaces_come_and_go () {
  for (int round = 0; round < 10; round++) {
    begin ();
    uint8_t *addr = new_described (1, 100);
    CHECK_INT (throw_through (addr), 42);
    finish ();
    CHECK (!is_known (addr));
  }
}

static void freed_code_keeps_its_frames_until_it_is_reclaimed () {
  begin ();
  uint8_t *addr = new_described (1, 100), *other = new_described (2, 100);
  CHECK_INT (MIR_code_free (space, addr), MIR_CODE_OK);
  CHECK_INT (throw_through (addr), 42);
  CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
  CHECK (!is_known (addr));
  CHECK_INT (throw_through (other), 42);
  finish ();
}

static void malformed_tables_are_refused () {
  begin ();
  uint8_t *addr = new_block (1, 128);
  DWORD at = (DWORD) (addr - range_start), info = at + (DWORD) offsetof (struct layout, info);
  const RUNTIME_FUNCTION bad[][2] = {
      {{at, at, {info}}, {0, 0, {0}}},                      // no size
      {{at + 1, at, {info}}, {0, 0, {0}}},                  // ends before it begins
      {{at - 1, at + 11, {info}}, {0, 0, {0}}},             // begins before the block
      {{at, at + 129, {info}}, {0, 0, {0}}},                // ends behind it
      {{at, at + 11, {info + 1}}, {0, 0, {0}}},             // not aligned
      {{at, at + 11, {RESERVE}}, {0, 0, {0}}},              // outside of the range
      {{at + 20, at + 30, {info}}, {at, at + 10, {info}}},  // not ascending
      {{at, at + 21, {info}}, {at + 20, at + 30, {info}}},  // overlap
  };
  for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
    size_t num = bad[i][1].EndAddress != 0 ? 2 : 1;
    CHECK_INT (MIR_code_add_frames (space, addr, bad[i], num * sizeof (bad[i][0])),
               MIR_CODE_BAD_OPTION);
  }
  for (size_t len = 1; len < sizeof (RUNTIME_FUNCTION); len++)
    CHECK_INT (MIR_code_add_frames (space, addr, bad[0], len), MIR_CODE_BAD_OPTION);
  CHECK (!is_known (addr));
  CHECK_INT (describe (addr), MIR_CODE_OK);
  CHECK_INT (describe (addr), MIR_CODE_BAD_OPTION);
  finish ();
}

static void refused_memory_leaves_everything_as_it_was () {
  begin ();
  uint8_t *addr = new_block (1, 128);
  MIR_code_status_t status = MIR_CODE_NO_MEMORY;
  for (long n = 0; status != MIR_CODE_OK; n++) {
    probe_alloc_fail_after (&data, n, 0);
    status = describe (addr);
    probe_alloc_fail_after (&data, -1, 0);
    if (status == MIR_CODE_OK) break;
    CHECK_INT (status, MIR_CODE_NO_MEMORY);
    CHECK (!is_known (addr));
  }
  CHECK_INT (throw_through (addr), 42);
  finish ();
}

static void a_space_needs_a_range () {
  MIR_code_options_t options = {};
  uint8_t code[100] = {0xc3}, *addr;
  RUNTIME_FUNCTION entry = {0, 1, {0}};
  options.size = sizeof (options);
  REQUIRE (MIR_code_space_create (&options, &space) == MIR_CODE_OK);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  REQUIRE (MIR_code_publish (writer, code, sizeof (code), nullptr, &addr) == MIR_CODE_OK);
  CHECK_INT (MIR_code_add_frames (space, addr, &entry, sizeof (entry)), MIR_CODE_BAD_OPTION);
  MIR_code_space_finish (space);
}

//---------------- Threads -----------------------------

static volatile LONG is_over, failures;

static DWORD WINAPI keep_throwing (void *) {
  for (unsigned i = 0; !is_over; i++)
    if (throw_through (blocks[i % 50]) != 42) InterlockedIncrement (&failures);
  return 0;
}

static void threads_throw_while_blocks_come_and_go () {
  HANDLE threads[2];
  begin ();
  is_over = failures = 0;
  for (unsigned i = 0; i < 100; i++) blocks[i] = new_described (i, 100);
  for (unsigned i = 50; i < 100; i++) free_block (blocks[i]);
  for (HANDLE &thread : threads) {
    thread = CreateThread (nullptr, 0, keep_throwing, nullptr, 0, nullptr);
    REQUIRE (thread != nullptr);
  }
  for (size_t i = tap_scaled (5000); i > 0; i--)
    free_block (new_described ((unsigned) i, 64 + i % 64));
  is_over = 1;
  for (HANDLE thread : threads) {
    WaitForSingleObject (thread, INFINITE);
    CloseHandle (thread);
  }
  CHECK_INT (failures, 0);
  finish ();
}

int main () {
  TEST_RUN (exceptions_pass_through_described_code);
  TEST_RUN (blocks_come_and_go);
  TEST_RUN (spaces_come_and_go);
  TEST_RUN (freed_code_keeps_its_frames_until_it_is_reclaimed);
  TEST_RUN (malformed_tables_are_refused);
  TEST_RUN (refused_memory_leaves_everything_as_it_was);
  TEST_RUN (a_space_needs_a_range);
  TEST_RUN (threads_throw_while_blocks_come_and_go);
  return tap_done ();
}
