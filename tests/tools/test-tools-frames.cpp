// Unwinding through generated code: a function with a frame record calls back, and the unwinder must
// reach its caller.
#include "tools/tools-fixture.h"

#include <initializer_list>
#include <unwind.h>

// The return addresses, innermost first.
static uintptr_t frames[64];
static size_t frames_num;

static _Unwind_Reason_Code note_frame (struct _Unwind_Context *context, void *) {
  if (frames_num == sizeof (frames) / sizeof (frames[0])) return _URC_END_OF_STACK;
  frames[frames_num++] = _Unwind_GetIP (context);
  return _URC_NO_REASON;
}

static void take_backtrace () {
  frames_num = 0;
  _Unwind_Backtrace (note_frame, nullptr);
}

static void throw_42 () {
  throw 42;
}

// Keeps the call in run_generated from being a tail call.
static uintptr_t calls;

static __attribute__ ((noinline)) void run_generated (size_t i, callback_t callback) {
  const uint8_t *addr = mapping + i * GRANULE;
  calls_back_t func;
  memcpy (&func, &addr, sizeof (func));
  func (callback);
  calls++;
}

// The index in frames[] of the frame in generated code; frames_num if there is none.
static size_t generated_frame () {
  for (size_t i = 0; i < frames_num; i++)
    if (frames[i] - (uintptr_t) mapping < MAPPING_LEN) return i;
  return frames_num;
}

static void start_frames () {
  if (FRAME_CODE_LEN == 0) tap_skip ("no code with frames for this CPU");
  REQUIRE (begin (MIR_CODE_FRAMES, nullptr, nullptr) == MIR_CODE_TOOL_OK);
  REQUIRE (state_of (MIR_CODE_FRAMES).status == MIR_CODE_TOOL_OK);
  CHECK_INT (state_of (MIR_CODE_FRAMES).events, 1);
}

static void cpus_without_a_description_are_refused () {
  if (FRAME_CODE_LEN != 0) tap_skip ("this CPU has one");
  REQUIRE (begin (MIR_CODE_FRAMES, nullptr, nullptr) == MIR_CODE_TOOL_OK);
  CHECK_INT (state_of (MIR_CODE_FRAMES).status, MIR_CODE_TOOL_UNSUPPORTED);
  end ();
}

static void backtrace_passes_through_generated_code () {
  start_frames ();
  for (size_t i : {size_t (0), size_t (GRANULES - 1)}) {
    run_generated (i, take_backtrace);
    size_t at = generated_frame ();
    REQUIRE (at + 2 < frames_num);  // main and its caller come after it
    CHECK (frames[at] - (uintptr_t) (mapping + i * GRANULE) < GRANULE);
    uintptr_t caller = frames[at + 1];
    CHECK (caller > (uintptr_t) run_generated && caller - (uintptr_t) run_generated < 1000);
  }
  end ();
}

static int catch_through (size_t i) {
  try {
    run_generated (i, throw_42);
  } catch (int thrown) {
    return thrown;
  }
  return 0;
}

static void exception_passes_through_generated_code () {
  start_frames ();
  CHECK_INT (catch_through (0), 42);
  CHECK_INT (catch_through (GRANULES / 2), 42);
  end ();
}

// An unmapped mapping is forgotten, the others stay known.
static void mappings_come_and_go () {
  start_frames ();
  uint8_t *first = mapping;
  for (int round = 0; round < 100; round++) {
    make_mapping ();
    hooks->mapped (hooks->user_data, mapping, MAPPING_LEN);
    CHECK_INT (catch_through (0), 42);
    hooks->unmapped (hooks->user_data, mapping, MAPPING_LEN);
    remove_mapping ();
  }
  CHECK_INT (state_of (MIR_CODE_FRAMES).events, 101);
  mapping = first;
  CHECK_INT (catch_through (0), 42);
  make_mapping ();  // not reported to the tools
  run_generated (0, take_backtrace);
  CHECK (generated_frame () + 1 >= frames_num);
  remove_mapping ();
  mapping = first;
  end ();
}

int main () {
  TEST_RUN (cpus_without_a_description_are_refused);
  TEST_RUN (backtrace_passes_through_generated_code);
  TEST_RUN (exception_passes_through_generated_code);
  TEST_RUN (mappings_come_and_go);
  return tap_done ();
}
