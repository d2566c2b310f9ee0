// The Xbyak adapter: Xbyak generates code, a code space runs it.
#include "adapters/mir-xbyak.hpp"

#include <cstring>

#include "mir-code.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

namespace {

probe_alloc probe;
MIR_code_space_t space;
MIR_code_writer_t writer;

void start () {
  probe_alloc_init (&probe);
  REQUIRE (MIR_code_space_create (nullptr, &space) == MIR_CODE_OK);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
}

void finish () {
  MIR_code_writer_finish (writer);
  MIR_code_space_finish (space);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

// 1 + 2 + ... + n by a loop: labels, alignment, jumps both ways.
struct sum_code : Xbyak::CodeGenerator {
  sum_code (size_t size, void *mode, Xbyak::Allocator *allocator)
      : CodeGenerator (size, mode, allocator) {
    Xbyak::Label again, end;
    xor_ (eax, eax);
    test (edi, edi);
    jz (end, T_NEAR);
    align (16);
    L (again);
    add (eax, edi);
    dec (edi);
    jnz (again);
    L (end);
    ret ();
  }
};

typedef int (*sum_func) (int n);

int times_three (int n) {
  return 3 * n;
}

void generated_code_runs_and_is_freed () {
  start ();
  {
    mir::xbyak_allocator allocator{writer, &probe.alloc};
    sum_code code (4096, nullptr, &allocator);
    MIR_code_info_t info = {sizeof (info), "sum", 17};
    MIR_code_piece_t piece = {};
    piece.size = sizeof (piece);
    uint8_t *addr = nullptr;
    REQUIRE (allocator.publish (code, &info, &addr) == MIR_CODE_OK);
    CHECK (addr != code.getCode () && std::memcmp (addr, code.getCode (), code.getSize ()) == 0);
    CHECK_INT (reinterpret_cast<sum_func> (addr) (100), 5050);
    CHECK_INT (reinterpret_cast<sum_func> (addr) (0), 0);
    REQUIRE (MIR_code_query (space, addr, &piece) == MIR_CODE_OK);
    CHECK_INT (piece.tag, 17);
    CHECK (MIR_code_free_now (space, addr) == MIR_CODE_OK);
  }
  finish ();
}

// The buffer of this generator moves several times while it grows.
struct long_code : Xbyak::CodeGenerator {
  long_code (Xbyak::Allocator *allocator)
      : CodeGenerator (Xbyak::DEFAULT_MAX_CODE_SIZE, Xbyak::AutoGrow, allocator) {
    Xbyak::Label end;
    mov (eax, edi);
    for (int i = 0; i < 5000; i++) {
      add (eax, i);
      test (eax, eax);
      js (end, T_NEAR);
    }
    L (end);
    ret ();
  }
};

void growing_code_runs () {
  start ();
  {
    mir::xbyak_allocator allocator{writer, &probe.alloc};
    long_code code (&allocator);
    uint8_t *addr;
    CHECK (code.getSize () > 4 * Xbyak::DEFAULT_MAX_CODE_SIZE);
    REQUIRE (allocator.publish (code, nullptr, &addr) == MIR_CODE_OK);
    CHECK_INT (reinterpret_cast<sum_func> (addr) (7), 7 + 4999 * 5000 / 2);
    CHECK_INT (reinterpret_cast<sum_func> (addr) (-5), -5);
  }
  finish ();
}

struct call_code : Xbyak::CodeGenerator {
  call_code (Xbyak::Allocator *allocator) : CodeGenerator (4096, nullptr, allocator) {
    sub (rsp, 8);
    mov (rax, reinterpret_cast<size_t> (&times_three));
    call (rax);
    add (rsp, 8);
    ret ();
  }
};

void outside_is_called_through_a_register () {
  start ();
  {
    mir::xbyak_allocator allocator{writer, &probe.alloc};
    call_code code (&allocator);
    uint8_t *addr;
    REQUIRE (allocator.publish (code, nullptr, &addr) == MIR_CODE_OK);
    CHECK_INT (reinterpret_cast<sum_func> (addr) (14), 42);
  }
  finish ();
}

void refused_buffers_are_errors_of_xbyak () {
  start ();
  for (long n = 0; n < 8; n++) {
    mir::xbyak_allocator allocator{writer, &probe.alloc};
    int caught = 0;
    size_t before = probe.failed;
    probe_alloc_fail_after (&probe, n, 0);
    try {
      long_code code (&allocator);
    } catch (const Xbyak::Error &error) {
      caught = int (error) == Xbyak::ERR_CANT_ALLOC;
    }
    CHECK_INT (caught, probe.failed - before);
    probe_alloc_fail_after (&probe, -1, 0);
  }
  finish ();
}

}  // namespace

int main () {
  TEST_RUN (generated_code_runs_and_is_freed);
  TEST_RUN (growing_code_runs);
  TEST_RUN (outside_is_called_through_a_register);
  TEST_RUN (refused_buffers_are_errors_of_xbyak);
  return tap_done ();
}
