// The asmjit adapter: asmjit generates code and data, a code space holds them.
#include "adapters/asmjit-fixture.hpp"

#include <string>
#include <vector>

#include "mir-code-tools.h"
#include "support/maps.h"

namespace {

/*---------------- Code and data -----------------------------*/

void code_runs_with_its_data () {
  enum { FUNCS = 300 };
  std::vector<int_func> funcs (FUNCS);
  int wrong = 0;
  start ();
  mir::asmjit_runtime runtime{space};
  for (int i = 0; i < FUNCS; i++) REQUIRE (add_parts (runtime, &funcs[i], i) == asmjit::kErrorOk);
  for (int i = 0; i < FUNCS; i++) wrong += funcs[i](1000) != 1101 + i || funcs[i](1000) != 1102 + i;
  CHECK_INT (wrong, 0);
  for (int_func func : funcs) CHECK_INT (runtime.release (func), asmjit::kErrorOk);
  finish ();
}

std::string access_to (const void *addr) {
  char access[5];
  access_of (addr, access);
  return std::string (access, 3);
}

uint8_t *address_of (parts *parts, asmjit::Label label) {
  return reinterpret_cast<uint8_t *> (parts->code.baseAddress ()
                                      + parts->code.labelOffsetFromBase (label));
}

void every_part_has_the_access_it_needs () {
  parts parts;
  int_func func;
  start ();
  mir::asmjit_runtime runtime{space};
  generate (&parts, runtime, 100, 20);
  REQUIRE (runtime.add (&func, &parts.code) == asmjit::kErrorOk);
  CHECK_STR (access_to (reinterpret_cast<void *> (func)).c_str (), "r-x");
  CHECK_STR (access_to (address_of (&parts, parts.read_only)).c_str (), "r--");
  CHECK_STR (access_to (address_of (&parts, parts.written)).c_str (), "rw-");
  CHECK_INT (reinterpret_cast<uintptr_t> (func) % 64, 0);
  CHECK_INT (reinterpret_cast<uintptr_t> (address_of (&parts, parts.written)) % 64, 0);
  CHECK_INT (func (3), 124);
  CHECK_INT (*reinterpret_cast<int *> (address_of (&parts, parts.written)), 21);
  CHECK_INT (runtime.release (func), asmjit::kErrorOk);
  finish ();
}

// Code in reach of what it calls needs no address table, and no read-only part for it.
void near_code_calls_directly () {
  MIR_code_options_t options = default_options ();
  asmjit::CodeHolder code;
  int_func func;
  options.near_addr = reinterpret_cast<const void *> (&plus_one);
  start (options);
  mir::asmjit_runtime runtime{space};
  code.init (runtime.environment ());
  asmjit::x86::Assembler a (&code);
  a.sub (asmjit::x86::rsp, 8);
  a.call (asmjit::imm (reinterpret_cast<uintptr_t> (&plus_one)));
  a.add (asmjit::x86::rsp, 8);
  a.ret ();
  size_t mapped = stats ().mapped_bytes;
  REQUIRE (code.addressTableSection () != nullptr);
  REQUIRE (runtime.add (&func, &code) == asmjit::kErrorOk);
  CHECK_INT (code.addressTableSection ()->bufferSize (), 0);
  CHECK (stats ().mapped_bytes > mapped);
  CHECK_INT (func (41), 42);
  CHECK_INT (runtime.release (func), asmjit::kErrorOk);
  finish ();
}

void retired_code_runs_until_its_grace_period_ends () {
  int_func func;
  start ();
  mir::asmjit_runtime runtime{space};
  REQUIRE (add_parts (runtime, &func, 5) == asmjit::kErrorOk);
  CHECK_INT (runtime.retire (func), asmjit::kErrorOk);
  CHECK_INT (func (1), 107);
  CHECK_INT (stats ().freed, 1);
  CHECK_INT (runtime.release (func), asmjit::kErrorInvalidArgument);
  CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
  finish ();
}

std::string published_name;

void note_name (void *, const MIR_code_event_t *events, size_t) {
  published_name = events[0].name != nullptr ? events[0].name : "none";
}

void names_reach_the_hooks () {
  MIR_code_options_t options = default_options ();
  MIR_code_hooks_t hooks = {};
  asmjit::CodeHolder code;
  int_func func;
  hooks.size = sizeof (hooks);
  hooks.published = note_name;
  options.hooks = &hooks;
  start (options);
  mir::asmjit_runtime runtime{space};
  generate_leaf (&code, runtime);
  REQUIRE (runtime.add (&func, &code, "leaf") == asmjit::kErrorOk);
  CHECK_STR (published_name.c_str (), "leaf");
  CHECK_INT (runtime.release (func), asmjit::kErrorOk);
  finish ();
}

/*---------------- Exceptions -----------------------------*/

extern "C" int throw_int (int n) {
  throw n;
}

int catch_from (int_func func, int n) {
  try {
    return func (n);
  } catch (int thrown) {
    return thrown + 1000;
  }
}

// asmjit's Compiler keeps frame records if told to, which is what MIR_CODE_FRAMES wants.
void exceptions_pass_through_frame_records () {
  MIR_code_tools_options_t wanted = {sizeof (wanted), nullptr, MIR_CODE_FRAMES, nullptr};
  MIR_code_options_t options = default_options ();
  MIR_code_tools_t tools;
  asmjit::CodeHolder code;
  asmjit::InvokeNode *call;
  int_func func;
  REQUIRE (MIR_code_tools_create (&wanted, &tools) == MIR_CODE_TOOL_OK);
  options.hooks = MIR_code_tools_hooks (tools);
  start (options);
  mir::asmjit_runtime runtime{space};
  code.init (runtime.environment ());
  asmjit::x86::Compiler cc (&code);
  auto signature = asmjit::FuncSignatureT<int, int> ();
  asmjit::FuncNode *node = cc.addFunc (signature);
  asmjit::x86::Gp n = cc.newInt32 ();
  node->frame ().setPreservedFP ();
  node->setArg (0, n);
  cc.add (n, 5);
  cc.invoke (&call, asmjit::imm (reinterpret_cast<uintptr_t> (&throw_int)), signature);
  call->setArg (0, n);
  call->setRet (0, n);
  cc.ret (n);
  cc.endFunc ();
  REQUIRE (cc.finalize () == asmjit::kErrorOk);
  REQUIRE (runtime.add (&func, &code) == asmjit::kErrorOk);
  CHECK_INT (catch_from (func, 7), 1012);
  CHECK_INT (runtime.release (func), asmjit::kErrorOk);
  finish ();
  MIR_code_tools_finish (tools);
}

// A CIE and an FDE for code from START to END that pushes rbx first: DWARF 5, 6.4, and the Linux
// Standard Base, 10.6.
void describe_frames (asmjit::x86::Assembler *a, asmjit::Label start, asmjit::Label end) {
  const uint8_t cie[] = {20, 0,    0, 0, 0,    0, 0, 0, 1, 0, 1, 0x78,
                         16, 0x0c, 7, 8, 0x90, 1, 0, 0, 0, 0, 0, 0};
  const uint8_t fde[] = {28, 0, 0, 0, 28, 0, 0, 0};
  const uint8_t rules[] = {0x41, 0x0e, 16, 0x83, 2, 0, 0, 0};
  const uint8_t terminator[4] = {};
  a->embed (cie, sizeof (cie));
  a->embed (fde, sizeof (fde));
  a->embedLabel (start);
  a->embedLabelDelta (end, start, 8);
  a->embed (rules, sizeof (rules));
  a->embed (terminator, sizeof (terminator));
}

// Code that has pushed rbx, which the unwinder must restore, and that has no frame record.
void exceptions_pass_through_a_section_of_frames () {
  asmjit::CodeHolder code;
  asmjit::Section *frames;
  int_func func;
  start ();
  mir::asmjit_runtime runtime{space};
  code.init (runtime.environment ());
  asmjit::x86::Assembler a (&code);
  code.newSection (&frames, ".eh_frame", SIZE_MAX, asmjit::SectionFlags::kReadOnly, 8);
  asmjit::Label begin = a.newLabel (), end = a.newLabel ();
  a.bind (begin);
  a.push (asmjit::x86::rbx);
  a.mov (asmjit::x86::rbx, 1);
  a.call (asmjit::imm (reinterpret_cast<uintptr_t> (&throw_int)));
  a.pop (asmjit::x86::rbx);
  a.ret ();
  a.bind (end);
  a.section (frames);
  describe_frames (&a, begin, end);
  REQUIRE (runtime.add (&func, &code) == asmjit::kErrorOk);
  CHECK_INT (catch_from (func, 7), 1007);
  CHECK_INT (runtime.release (func), asmjit::kErrorOk);
  finish ();
}

// The code is well, and its description is not: there is no code.
void malformed_frames_are_refused () {
  asmjit::CodeHolder code;
  asmjit::Section *frames;
  int_func func;
  start ();
  mir::asmjit_runtime runtime{space};
  generate_leaf (&code, runtime);
  code.newSection (&frames, ".eh_frame", SIZE_MAX, asmjit::SectionFlags::kReadOnly, 8);
  asmjit::x86::Assembler a (&code);
  a.section (frames);
  a.embedUInt32 (1000);
  a.embedUInt32 (0);
  CHECK_INT (runtime.add (&func, &code), asmjit::kErrorInvalidArgument);
  CHECK (func == nullptr);
  finish ();
}

}  // namespace

int main () {
  TEST_RUN (code_runs_with_its_data);
  TEST_RUN (every_part_has_the_access_it_needs);
  TEST_RUN (near_code_calls_directly);
  TEST_RUN (retired_code_runs_until_its_grace_period_ends);
  TEST_RUN (names_reach_the_hooks);
  TEST_RUN (exceptions_pass_through_frame_records);
  TEST_RUN (exceptions_pass_through_a_section_of_frames);
  TEST_RUN (malformed_frames_are_refused);
  return tap_done ();
}
