// A code space for the tests of the asmjit adapter, and what they let asmjit generate.
#ifndef MIR_TESTS_ADAPTERS_ASMJIT_FIXTURE_HPP
#define MIR_TESTS_ADAPTERS_ASMJIT_FIXTURE_HPP

#include <asmjit/x86.h>

#include "adapters/mir-asmjit.hpp"
#include "mir-code.h"
#include "support/tap.h"

namespace {

typedef int (*int_func) (int);

MIR_code_space_t space;

MIR_code_options_t default_options () {
  MIR_code_options_t options = {};
  options.size = sizeof (options);
  options.reserve = 64 << 20;
  return options;
}

MIR_code_stats_t stats () {
  MIR_code_stats_t res = {};
  res.size = sizeof (res);
  MIR_code_get_stats (space, &res);
  return res;
}

void start (const MIR_code_options_t &options) {
  REQUIRE (MIR_code_space_create (&options, &space) == MIR_CODE_OK);
}

void start () {
  start (default_options ());
}

void finish () {
  CHECK_INT (stats ().pieces, 0);
  CHECK_INT (stats ().freed, 0);
  MIR_code_space_finish (space);
}

extern "C" int plus_one (int n) {
  return n + 1;
}

/*---------------- The glue of a user -----------------------------*/

// plus_one (n) + what .rodata and .data hold: READ_ONLY and WRITTEN, which the code increments.
struct parts {
  asmjit::CodeHolder code;
  asmjit::Label read_only, written;
};

void generate (parts *parts, asmjit::JitRuntime &runtime, int read_only, int written) {
  parts->code.init (runtime.environment ());
  asmjit::x86::Assembler a (&parts->code);
  asmjit::Section *rodata, *data;
  parts->code.newSection (&rodata, ".rodata", SIZE_MAX, asmjit::SectionFlags::kReadOnly, 16);
  parts->code.newSection (&data, ".data", SIZE_MAX, asmjit::SectionFlags::kNone, 64);
  parts->read_only = a.newLabel ();
  parts->written = a.newLabel ();
  a.sub (asmjit::x86::rsp, 8);
  a.call (asmjit::imm (reinterpret_cast<uintptr_t> (&plus_one)));
  a.add (asmjit::x86::eax, asmjit::x86::dword_ptr (parts->read_only));
  a.add (asmjit::x86::eax, asmjit::x86::dword_ptr (parts->written));
  a.inc (asmjit::x86::dword_ptr (parts->written));
  a.add (asmjit::x86::rsp, 8);
  a.ret ();
  a.section (rodata);
  a.bind (parts->read_only);
  a.embedInt32 (read_only);
  a.section (data);
  a.bind (parts->written);
  a.embedInt32 (written);
}

// Adds through the base class, as code does that knows JitRuntime only.
asmjit::Error add_parts (asmjit::JitRuntime &runtime, int_func *func, int n) {
  parts parts;
  generate (&parts, runtime, 100, n);
  return runtime.add (func, &parts.code);
}

// N + 1; needs nothing but itself.
void generate_leaf (asmjit::CodeHolder *code, asmjit::JitRuntime &runtime) {
  code->init (runtime.environment ());
  asmjit::x86::Assembler a (code);
  a.lea (asmjit::x86::eax, asmjit::x86::ptr (asmjit::x86::rdi, 1));
  a.ret ();
}

}  // namespace

#endif  // MIR_TESTS_ADAPTERS_ASMJIT_FIXTURE_HPP
