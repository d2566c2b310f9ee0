// The asmjit adapter where something is refused, and on hardened systems, after forks and in threads.
#include "adapters/asmjit-fixture.hpp"

#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "adapters/adapter-fixture.h"
#include "adapters/every-backend.hpp"
#include "support/restrictions.h"

namespace {

/*---------------- Refusals -----------------------------*/

void a_holder_is_added_twice_only_if_it_can_be () {
  asmjit::CodeHolder leaf;
  parts parts;
  int_func first, second;
  start ();
  mir::asmjit_runtime runtime{space};
  generate_leaf (&leaf, runtime);
  REQUIRE (runtime.add (&first, &leaf) == asmjit::kErrorOk);
  REQUIRE (runtime.add (&second, &leaf) == asmjit::kErrorOk);
  CHECK (first != second && first (1) == 2 && second (2) == 3);
  CHECK_INT (runtime.release (first), asmjit::kErrorOk);
  CHECK_INT (runtime.release (second), asmjit::kErrorOk);
  generate (&parts, runtime, 1, 2);
  REQUIRE (runtime.add (&first, &parts.code) == asmjit::kErrorOk);
  CHECK_INT (runtime.add (&second, &parts.code), asmjit::kErrorInvalidState);
  CHECK (second == nullptr);
  CHECK_INT (first (0), 4);
  CHECK_INT (runtime.release (first), asmjit::kErrorOk);
  finish ();
}

void bad_input_is_an_error_of_asmjit () {
  asmjit::CodeHolder empty, unbound, leaf;
  int_func func = plus_one;
  int local;
  start ();
  mir::asmjit_runtime runtime{space};
  empty.init (runtime.environment ());
  CHECK_INT (runtime.add (&func, &empty), asmjit::kErrorNoCodeGenerated);
  CHECK (func == nullptr);
  unbound.init (runtime.environment ());
  asmjit::x86::Assembler a (&unbound);
  a.jmp (a.newLabel ());
  CHECK_INT (runtime.add (&func, &unbound), asmjit::kErrorInvalidLabel);
  CHECK_INT (runtime.release (&local), asmjit::kErrorInvalidArgument);
  CHECK_INT (runtime.release (static_cast<void *> (nullptr)), asmjit::kErrorInvalidArgument);
  generate_leaf (&leaf, runtime);
  REQUIRE (runtime.add (&func, &leaf) == asmjit::kErrorOk);
  CHECK_INT (runtime.release (reinterpret_cast<uint8_t *> (func) + 1),
             asmjit::kErrorInvalidArgument);
  CHECK_INT (runtime.release (func), asmjit::kErrorOk);
  CHECK_INT (runtime.release (func), asmjit::kErrorInvalidArgument);
  finish ();
}

void a_space_without_a_range_is_refused () {
  MIR_code_options_t options = default_options ();
  asmjit::CodeHolder leaf;
  int_func func;
  options.reserve = 0;
  start (options);
  mir::asmjit_runtime runtime{space};
  generate_leaf (&leaf, runtime);
  CHECK_INT (runtime.add (&func, &leaf), asmjit::kErrorInvalidArgument);
  finish ();
}

enum { RIGHT = 42, NO_MEMORY, WRONG };

int run_parts (MIR_alloc_t alloc) {
  MIR_code_options_t options = default_options ();
  int_func func;
  options.alloc = alloc;
  MIR_code_status_t status = MIR_code_space_create (&options, &space);
  if (status != MIR_CODE_OK) return status == MIR_CODE_NO_MEMORY ? NO_MEMORY : WRONG;
  mir::asmjit_runtime runtime{space};
  asmjit::Error error = add_parts (runtime, &func, 20);
  int result = error == asmjit::kErrorOutOfMemory ? NO_MEMORY : WRONG;
  if (error == asmjit::kErrorOk)
    result = func (3) == 124 && runtime.release (func) == asmjit::kErrorOk ? RIGHT : WRONG;
  if (stats ().pieces != 0) result = WRONG;
  MIR_code_space_finish (space);
  return result;
}

void nothing_is_left_after_code () {
  probe_alloc probe;
  check_nothing_is_left (run_parts, RIGHT, &probe);
}

void every_refused_allocation_is_an_error_of_asmjit () {
  check_every_refusal (run_parts, RIGHT, NO_MEMORY);
}

void a_holder_refused_at_the_limit_is_added_later () {
  MIR_code_options_t options = default_options ();
  std::vector<int_func> funcs;
  parts parts;
  int_func func = nullptr;
  asmjit::Error error;
  options.max_bytes = 256 * 1024;
  start (options);
  mir::asmjit_runtime runtime{space};
  while ((error = add_parts (runtime, &func, 0)) == asmjit::kErrorOk && funcs.size () < 100000)
    funcs.push_back (func);
  CHECK_INT (error, asmjit::kErrorOutOfMemory);
  generate (&parts, runtime, 100, 20);
  CHECK_INT (runtime.add (&func, &parts.code), asmjit::kErrorOutOfMemory);
  REQUIRE (!funcs.empty ());
  for (int_func old : funcs) CHECK_INT (runtime.release (old), asmjit::kErrorOk);
  CHECK_INT (runtime.add (&func, &parts.code), asmjit::kErrorOk);
  CHECK_INT (func (3), 124);
  CHECK_INT (runtime.release (func), asmjit::kErrorOk);
  finish ();
}

/*---------------- Hardened systems, forks, threads -----------------------------*/

bool runs_in (const MIR_code_options_t &options) {
  int_func func;
  if (MIR_code_space_create (&options, &space) != MIR_CODE_OK) return false;
  mir::asmjit_runtime runtime{space};
  REQUIRE (add_parts (runtime, &func, 20) == asmjit::kErrorOk);
  CHECK_INT (func (3), 124);
  CHECK_INT (func (3), 125);
  CHECK_INT (runtime.release (func), asmjit::kErrorOk);
  finish ();
  return true;
}

void every_back_end_holds_code () {
  in_every_backend (default_options (), runs_in);
}

int run_under_mdwe () {
  if (mdwe () != 0) return NOT_HERE;
  return run_parts (nullptr) == RIGHT ? PASSED : FAILED;
}

void code_runs_under_mdwe () {
  check_passes_in_child (run_under_mdwe, "no PR_SET_MDWE here");
}

int run_without_executable_memory () {
  int_func func;
  start ();
  mir::asmjit_runtime runtime{space};
  if (no_executable_mappings () != 0) return NOT_HERE;
  asmjit::Error error = add_parts (runtime, &func, 20);
  if (error != asmjit::kErrorOutOfMemory || func != nullptr) return FAILED;
  int pieces = int (stats ().pieces);
  MIR_code_space_finish (space);
  return pieces == 0 ? PASSED : FAILED;
}

void refused_mappings_are_an_error_of_asmjit () {
  check_passes_in_child (run_without_executable_memory, "no seccomp filter here");
}

void a_child_has_code_and_data_of_its_own () {
  int_func func, own;
  int status = -1;
  start ();
  mir::asmjit_runtime runtime{space};
  REQUIRE (add_parts (runtime, &func, 20) == asmjit::kErrorOk);
  pid_t pid = fork ();
  REQUIRE (pid >= 0);
  if (pid == 0) {
    bool right = func (3) == 124 && func (3) == 125;
    right = right && runtime.release (func) == asmjit::kErrorOk;
    right = right && add_parts (runtime, &own, 1) == asmjit::kErrorOk && own (0) == 102;
    _exit (right ? PASSED : FAILED);
  }
  REQUIRE (waitpid (pid, &status, 0) == pid);
  CHECK_INT (status, PASSED);
  CHECK_INT (func (3), 124);
  CHECK_INT (runtime.release (func), asmjit::kErrorOk);
  finish ();
}

void threads_share_a_runtime () {
  enum { THREADS = 4, ROUNDS = 100 };
  int wrong[THREADS] = {};
  std::vector<std::thread> threads;
  start ();
  mir::asmjit_runtime runtime{space};
  for (int i = 0; i < THREADS; i++)
    threads.emplace_back ([i, &runtime, &wrong] {
      for (int j = 0; j < ROUNDS; j++) {
        int_func func;
        wrong[i] += add_parts (runtime, &func, j) != asmjit::kErrorOk || func (i) != 101 + i + j
                    || runtime.release (func) != asmjit::kErrorOk;
      }
    });
  for (std::thread &thread : threads) thread.join ();
  for (int i = 0; i < THREADS; i++) CHECK_INT (wrong[i], 0);
  finish ();
}

}  // namespace

int main () {
  TEST_RUN (a_holder_is_added_twice_only_if_it_can_be);
  TEST_RUN (bad_input_is_an_error_of_asmjit);
  TEST_RUN (a_space_without_a_range_is_refused);
  TEST_RUN (nothing_is_left_after_code);
  TEST_RUN (every_refused_allocation_is_an_error_of_asmjit);
  TEST_RUN (a_holder_refused_at_the_limit_is_added_later);
  TEST_RUN (every_back_end_holds_code);
  TEST_RUN (code_runs_under_mdwe);
  TEST_RUN (refused_mappings_are_an_error_of_asmjit);
  TEST_RUN (a_child_has_code_and_data_of_its_own);
  TEST_RUN (threads_share_a_runtime);
  return tap_done ();
}
