/* The unwinder of Windows in generated code, step by step; and the memory that the tool uses.  */
#include "mir-code-tools.h"

#include "mir-code.h"
#include "support/frame-code.h"
#include "support/imports-windows.h"
#include "support/maps-windows.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

static struct probe_alloc data;
static MIR_code_tools_t tools;
static MIR_code_space_t space;
static MIR_code_writer_t writer;

static void start (size_t reserve) {
  MIR_code_tools_options_t wanted = {
      .size = sizeof (wanted), .alloc = &data.alloc, .wanted = MIR_CODE_FRAMES};
  MIR_code_options_t options = {.size = sizeof (options), .alloc = &data.alloc, .reserve = reserve};
  REQUIRE (MIR_code_tools_create (&wanted, &tools) == MIR_CODE_TOOL_OK);
  options.hooks = MIR_code_tools_hooks (tools);
  if (reserve != 0) options.near_addr = &data;
  REQUIRE (MIR_code_space_create (&options, &space) == MIR_CODE_OK);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
}

static void begin (void) {
  probe_alloc_init (&data);
  imports_reset ();
  start (0);
}

static void finish (void) {
  MIR_code_space_finish (space);
  MIR_code_tools_finish (tools);
  CHECK_INT (probe_alloc_finish (&data), 0);
  imports_reset ();
}

static MIR_code_tool_state_t state (void) {
  MIR_code_tool_state_t res;
  REQUIRE (MIR_code_tools_get_state (tools, MIR_CODE_FRAMES, &res) == MIR_CODE_TOOL_OK);
  return res;
}

/* Publish LEN bytes that begin with the function of frame-code.h.  */
static uint8_t *publish (size_t len) {
  static uint8_t bytes[300000];
  uint8_t *addr;
  memcpy (bytes, frame_code, sizeof (frame_code));
  REQUIRE (MIR_code_publish (writer, bytes, len, NULL, &addr) == MIR_CODE_OK);
  return addr;
}

/*---------------- Walking -----------------------------*/

static CONTEXT frames[64]; /* from the callback outwards */
static size_t frames_num;

/* Unwind one frame.  0: no table has the function.  */
static int step (CONTEXT *context) {
  DWORD64 base, establisher;
  void *handler_data;
  RUNTIME_FUNCTION *entry = RtlLookupFunctionEntry (context->Rip, &base, NULL);
  if (entry == NULL) return 0;
  RtlVirtualUnwind (0, base, context->Rip, entry, context, &handler_data, &establisher, NULL);
  return 1;
}

static void walk (void) {
  CONTEXT context;
  RtlCaptureContext (&context);
  for (frames_num = 0; frames_num < 64 && context.Rip != 0; frames_num++) {
    frames[frames_num] = context;
    if (!step (&context)) break;
  }
}

static __attribute__ ((noinline)) void call_generated (const uint8_t *addr) {
  calls_back_t func;
  memcpy (&func, &addr, sizeof (func));
  func (walk);
  __asm__ volatile (""); /* not a tail call */
}

/* 0, or -1 if the walk did not pass through the code at ADDR to its caller.  */
static int walk_through (const uint8_t *addr) {
  void (*caller) (const uint8_t *) = call_generated;
  uintptr_t caller_start;
  memcpy (&caller_start, &caller, sizeof (caller_start));
  call_generated (addr);
  for (size_t i = 0; i + 2 < frames_num; i++)
    if (frames[i].Rip - (uintptr_t) addr < sizeof (frame_code))
      return frames[i + 1].Rip - caller_start < 1000 && frames[i + 1].Rsp > frames[i].Rsp ? 0 : -1;
  return -1;
}

static void a_walk_reaches_the_caller (void) {
  begin ();
  CHECK_INT (walk_through (publish (sizeof (frame_code))), 0);
  CHECK_INT (walk_through (publish (sizeof (frame_code))), 0);
  CHECK_INT (walk_through (publish (300000)), 0); /* another mapping */
  CHECK_INT (state ().events, 2);
  CHECK_INT (state ().lost, 0);
  finish ();
}

static void a_walk_reaches_the_caller_near_the_program (void) {
  begin ();
  finish ();
  start (2 << 20);
  CHECK_INT (walk_through (publish (sizeof (frame_code))), 0);
  CHECK_INT (walk_through (publish (300000)), 0);
  finish ();
}

/* As before Windows 8.  */
static void tables_that_do_not_grow_serve_as_well (void) {
  probe_alloc_init (&data);
  imports_reset ();
  imports.no_growable = 1;
  start (0);
  uint8_t *addr = publish (sizeof (frame_code));
  DWORD64 base;
  CHECK_INT (walk_through (addr), 0);
  finish ();
  CHECK (RtlLookupFunctionEntry ((DWORD64) (uintptr_t) addr, &base, NULL) == NULL);
}

/* Simulates a stop at each instruction that has a frame, with a stack made by hand.  */
static void every_instruction_with_a_frame_is_unwound (void) {
  static const struct {
    uint8_t offset;
    int rsp; /* words below the frame record */
  } places[] = {{4, 0}, {8, 4}, {10, 4}, {14, 0}, {15, -1}};
  uint64_t stack[16] = {0};
  begin ();
  uint8_t *addr = publish (sizeof (frame_code));
  for (size_t i = 0; i < sizeof (places) / sizeof (places[0]); i++) {
    CONTEXT context;
    memset (&context, 0, sizeof (context));
    uint64_t *record = &stack[10];
    record[0] = 4711; /* the caller's RBP */
    record[1] = 4712; /* the return address */
    context.Rip = (uintptr_t) addr + places[i].offset;
    context.Rsp = (uintptr_t) (record - places[i].rsp);
    context.Rbp = places[i].rsp == -1 ? 4711 : (uintptr_t) record;
    context.Rbx = 4713;
    REQUIRE (step (&context));
    CHECK_INT (context.Rip, 4712);
    CHECK_INT (context.Rbp, 4711);
    CHECK_INT (context.Rbx, 4713);
    CHECK_INT (context.Rsp, (uintptr_t) (record + 2));
  }
  finish ();
}

/* A table covers exactly its mapping.  */
static void tables_end_where_their_mapping_ends (void) {
  DWORD64 base;
  MEMORY_BASIC_INFORMATION info;
  begin ();
  uint8_t *addr = publish (sizeof (frame_code));
  REQUIRE (VirtualQuery (addr, &info, sizeof (info)) != 0);
  uintptr_t first = (uintptr_t) info.BaseAddress, bound = first + info.RegionSize;
  CHECK (RtlLookupFunctionEntry (first, &base, NULL) != NULL);
  CHECK_INT (base, first);
  CHECK (RtlLookupFunctionEntry (bound - 1, &base, NULL) != NULL);
  CHECK (RtlLookupFunctionEntry (first - 1, &base, NULL) == NULL);
  CHECK (RtlLookupFunctionEntry (bound, &base, NULL) == NULL);
  finish ();
  CHECK (RtlLookupFunctionEntry (first, &base, NULL) == NULL);
}

/*---------------- Memory -----------------------------*/

static void the_description_is_not_writable (void) {
  DWORD64 base;
  begin ();
  RUNTIME_FUNCTION *entry =
      RtlLookupFunctionEntry ((DWORD64) (uintptr_t) publish (sizeof (frame_code)), &base, NULL);
  REQUIRE (entry != NULL);
  CHECK_STR (access_of ((void *) (uintptr_t) (base + entry->UnwindData)), "r");
  CHECK_INT (look_around ().open, 0);
  finish ();
}

static void mappings_leave_nothing (void) {
  struct taken before = {0, 0, 0};
  for (int round = 0; round < 200; round++) {
    if (round == 10) before = look_around ();
    begin ();
    for (int i = 0; i < 10; i++) CHECK_INT (walk_through (publish (100000)), 0);
    finish ();
  }
  CHECK_INT (look_around ().bytes, before.bytes);
}

/* Without memory or addresses for its table, a mapping is unknown to the unwinder; nothing else is
   lost.  */
static void refusals_are_counted (void) {
  struct taken before = look_around ();
  for (int refused = 0; refused < 2; refused++) {
    uint64_t lost = 1;
    for (long n = 0; lost != 0; n++) {
      MIR_code_tools_options_t wanted = {
          .size = sizeof (wanted), .alloc = &data.alloc, .wanted = MIR_CODE_FRAMES};
      static uint8_t mapping[100];
      probe_alloc_init (&data);
      imports_reset ();
      REQUIRE (MIR_code_tools_create (&wanted, &tools) == MIR_CODE_TOOL_OK);
      const MIR_code_hooks_t *hooks = MIR_code_tools_hooks (tools);
      if (refused == 0)
        probe_alloc_fail_after (&data, n, 1);
      else
        imports.fail_in = n;
      hooks->mapped (hooks->user_data, mapping, sizeof (mapping));
      probe_alloc_fail_after (&data, -1, 0);
      imports.fail_in = -1;
      lost = state ().lost + (uint64_t) imports.failed;
      CHECK_INT (state ().events + state ().lost, 1);
      if (state ().lost != 0) CHECK_INT (state ().error, ERROR_NOT_ENOUGH_MEMORY);
      CHECK_INT (state ().status, MIR_CODE_TOOL_OK);
      hooks->mapped (hooks->user_data, mapping, sizeof (mapping)); /* the next mapping is known */
      CHECK_INT (state ().events + state ().lost, 2);
      CHECK (state ().events >= 1);
      MIR_code_tools_finish (tools);
      CHECK_INT (probe_alloc_finish (&data), 0);
    }
  }
  CHECK_INT (look_around ().bytes, before.bytes);
}

static void other_tools_are_unsupported (void) {
  MIR_code_tools_options_t wanted = {.size = sizeof (wanted), .wanted = MIR_CODE_ALL_TOOLS};
  MIR_code_tool_state_t res;
  REQUIRE (MIR_code_tools_create (&wanted, &tools) == MIR_CODE_TOOL_OK);
  for (unsigned tool = 1; tool < MIR_CODE_FRAMES; tool <<= 1) {
    REQUIRE (MIR_code_tools_get_state (tools, tool, &res) == MIR_CODE_TOOL_OK);
    CHECK_INT (res.status, MIR_CODE_TOOL_UNSUPPORTED);
  }
  CHECK_INT (state ().status, MIR_CODE_TOOL_OK);
  MIR_code_tools_finish (tools);
}

int main (void) {
  TEST_RUN (a_walk_reaches_the_caller);
  TEST_RUN (a_walk_reaches_the_caller_near_the_program);
  TEST_RUN (tables_that_do_not_grow_serve_as_well);
  TEST_RUN (every_instruction_with_a_frame_is_unwound);
  TEST_RUN (tables_end_where_their_mapping_ends);
  TEST_RUN (the_description_is_not_writable);
  TEST_RUN (mappings_leave_nothing);
  TEST_RUN (refusals_are_counted);
  TEST_RUN (other_tools_are_unsupported);
  return tap_done ();
}
