// The libffi adapter: closures in a code space, and what libffi does itself in comparison.
#include "adapters/mir-ffi.h"

#include <cstring>
#include <initializer_list>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "adapters/adapter-fixture.h"
#include "adapters/every-backend.hpp"
#include "mir-code.h"
#include "support/maps.h"
#include "support/restrictions.h"
#include "support/tap.h"

namespace {

MIR_code_space_t space;
MIR_code_writer_t writer;

MIR_code_options_t with_size () {
  MIR_code_options_t options = {};
  options.size = sizeof (options);
  return options;
}

MIR_code_status_t open_space (const MIR_code_options_t &options) {
  MIR_code_status_t status = MIR_code_space_create (&options, &space);
  if (status != MIR_CODE_OK) return status;
  status = MIR_code_writer_create (space, &writer);
  if (status != MIR_CODE_OK) MIR_code_space_finish (space);
  return status;
}

MIR_code_status_t open_space (MIR_alloc_t alloc, size_t max_bytes) {
  MIR_code_options_t options = with_size ();
  options.alloc = alloc;
  options.max_bytes = max_bytes;
  return open_space (options);
}

size_t pieces () {
  MIR_code_stats_t stats = {};
  stats.size = sizeof (stats);
  MIR_code_get_stats (space, &stats);
  return stats.pieces;
}

void start () {
  REQUIRE (open_space (nullptr, 0) == MIR_CODE_OK);
}

void finish () {
  CHECK_INT (pieces (), 0);
  MIR_code_writer_finish (writer);
  MIR_code_space_finish (space);
}

/*---------------- The glue of a user -----------------------------*/

typedef int (*int_func) (int);

ffi_type *int_args[] = {&ffi_type_sint};
ffi_cif int_cif;

void add (ffi_cif *, void *result, void **args, void *user_data) {
  int sum = *static_cast<int *> (args[0]) + *static_cast<int *> (user_data);
  *static_cast<ffi_arg *> (result) = ffi_arg (sum);
}

int_func new_adder (MIR_code_writer_t to, int *summand, MIR_code_status_t *status) {
  void *code = nullptr;
  *status = MIR_ffi_closure_new (to, &int_cif, add, summand, &code);
  return reinterpret_cast<int_func> (code);
}

/*---------------- Closures -----------------------------*/

int_func adder (int *summand) {
  MIR_code_status_t status;
  int_func func = new_adder (writer, summand, &status);
  REQUIRE (status == MIR_CODE_OK);
  return func;
}

void free_adder (int_func func) {
  CHECK_INT (MIR_ffi_closure_free (space, reinterpret_cast<void *> (func)), MIR_CODE_OK);
}

void closures_call_their_functions () {
  enum { CLOSURES = 500 };
  std::vector<int> summands (CLOSURES);
  std::vector<int_func> funcs (CLOSURES);
  int wrong = 0;
  start ();
  for (int i = 0; i < CLOSURES; i++) {
    summands[i] = i;
    funcs[i] = adder (&summands[i]);
  }
  for (int i = 0; i < CLOSURES; i++) wrong += funcs[i](1000) != 1000 + i;
  CHECK_INT (wrong, 0);
  CHECK_INT (pieces (), CLOSURES);
  for (int i = 0; i < CLOSURES; i++) free_adder (funcs[i]);
  finish ();
}

struct pair {
  double first, second;
};

void swap_scaled (ffi_cif *, void *result, void **args, void *user_data) {
  pair *in = static_cast<pair *> (args[0]), *out = static_cast<pair *> (result);
  double factor = *static_cast<double *> (args[1]) * *static_cast<float *> (user_data);
  out->first = in->second * factor;
  out->second = in->first * factor;
}

// Arguments in vector registers, and structures, take other paths in libffi.
void structures_and_doubles_pass () {
  ffi_type *members[] = {&ffi_type_double, &ffi_type_double, nullptr};
  ffi_type type = {0, 0, FFI_TYPE_STRUCT, members};
  ffi_type *args[] = {&type, &ffi_type_double};
  ffi_cif cif;
  float half = 0.5f;
  void *code = nullptr;
  start ();
  REQUIRE (ffi_prep_cif (&cif, FFI_DEFAULT_ABI, 2, &type, args) == FFI_OK);
  REQUIRE (MIR_ffi_closure_new (writer, &cif, swap_scaled, &half, &code) == MIR_CODE_OK);
  pair result = reinterpret_cast<pair (*) (pair, double)> (code) (pair{3, 5}, 4);
  CHECK (result.first == 10 && result.second == 6);
  CHECK_INT (MIR_ffi_closure_free (space, code), MIR_CODE_OK);
  finish ();
}

void a_closure_is_never_writable () {
  int five = 5;
  char access[5];
  start ();
  int_func func = adder (&five);
  access_of (reinterpret_cast<void *> (func), access);
  CHECK (access[1] == '-' && access[2] == 'x');
  free_adder (func);
  finish ();
}

void threads_have_writers_of_their_own () {
  enum { THREADS = 4, ROUNDS = 200 };
  int wrong[THREADS] = {};
  std::vector<std::thread> threads;
  start ();
  for (int i = 0; i < THREADS; i++)
    threads.emplace_back ([i, &wrong] {
      MIR_code_writer_t own;
      MIR_code_status_t status = MIR_code_writer_create (space, &own);
      if (status != MIR_CODE_OK) {
        wrong[i] = -1;
        return;
      }
      for (int j = 0; j < ROUNDS; j++) {
        int_func func = new_adder (own, &j, &status);
        wrong[i] += status != MIR_CODE_OK || func (i) != i + j
                    || MIR_ffi_closure_free (space, reinterpret_cast<void *> (func)) != MIR_CODE_OK;
      }
      MIR_code_writer_finish (own);
    });
  for (std::thread &thread : threads) thread.join ();
  for (int i = 0; i < THREADS; i++) CHECK_INT (wrong[i], 0);
  finish ();
}

/*---------------- Refusals -----------------------------*/

void an_abi_without_closures_is_refused () {
  ffi_cif cif = int_cif;
  void *code = nullptr;
  int five = 5;
  start ();
  cif.abi = FFI_LAST_ABI;
  CHECK_INT (MIR_ffi_closure_new (writer, &cif, add, &five, &code), MIR_CODE_BAD_OPTION);
  CHECK_PTR (code, nullptr);
  int_func func = adder (&five);  // the writer has nothing reserved
  CHECK_INT (func (1), 6);
  free_adder (func);
  finish ();
}

enum { RIGHT = 42, NO_MEMORY, WRONG };

int use_a_closure (MIR_alloc_t alloc) {
  int five = 5, result = NO_MEMORY;
  MIR_code_status_t status = open_space (alloc, 0);
  if (status != MIR_CODE_OK) return status == MIR_CODE_NO_MEMORY ? NO_MEMORY : WRONG;
  int_func func = new_adder (writer, &five, &status);
  if (status == MIR_CODE_OK) {
    result = func (37);
    status = MIR_ffi_closure_free (space, reinterpret_cast<void *> (func));
    if (status != MIR_CODE_OK) result = WRONG;
  } else if (status != MIR_CODE_NO_MEMORY) {
    result = WRONG;
  }
  if (pieces () != 0) result = WRONG;
  MIR_code_writer_finish (writer);
  MIR_code_space_finish (space);
  return result;
}

void nothing_is_left_after_a_closure () {
  probe_alloc probe;
  check_nothing_is_left (use_a_closure, RIGHT, &probe);
}

void every_refused_allocation_is_a_status () {
  check_every_refusal (use_a_closure, RIGHT, NO_MEMORY);
}

void closures_beyond_the_limit_are_refused () {
  int five = 5, made = 0;
  std::vector<int_func> funcs;
  MIR_code_status_t status;
  REQUIRE (open_space (nullptr, 64 * 1024) == MIR_CODE_OK);
  for (;;) {
    int_func func = new_adder (writer, &five, &status);
    if (status != MIR_CODE_OK) break;
    funcs.push_back (func);
    REQUIRE (++made < 100000);
  }
  CHECK_INT (status, MIR_CODE_LIMIT);
  CHECK_INT (pieces (), made);
  free_adder (funcs.back ());
  funcs.back () = new_adder (writer, &five, &status);
  CHECK_INT (status, MIR_CODE_OK);
  CHECK_INT (funcs.back () (1), 6);
  for (int_func func : funcs) free_adder (func);
  finish ();
}

/*---------------- Hardened systems and forks -----------------------------*/

bool runs_in (const MIR_code_options_t &options) {
  int five = 5;
  if (open_space (options) != MIR_CODE_OK) return false;
  int_func func = adder (&five);
  CHECK_INT (func (1), 6);
  free_adder (func);
  finish ();
  return true;
}

void every_back_end_holds_closures () {
  in_every_backend (with_size (), runs_in);
}

int use_a_closure_under_mdwe () {
  if (mdwe () != 0) return NOT_HERE;
  return use_a_closure (nullptr) == RIGHT ? PASSED : FAILED;
}

void closures_work_under_mdwe () {
  check_passes_in_child (use_a_closure_under_mdwe, "no PR_SET_MDWE here");
}

int want_a_closure_without_executable_memory () {
  int five = 5;
  MIR_code_status_t status = open_space (nullptr, 0);
  if (status != MIR_CODE_OK) return FAILED;
  if (no_executable_mappings () != 0) return NOT_HERE;
  int_func func = new_adder (writer, &five, &status);
  if (func != nullptr || status == MIR_CODE_OK || pieces () != 0) return FAILED;
  MIR_code_writer_finish (writer);
  MIR_code_space_finish (space);
  return PASSED;
}

void refused_mappings_are_a_status () {
  check_passes_in_child (want_a_closure_without_executable_memory, "no seccomp filter here");
}

// A child frees and makes closures; libffi's own in a memory file would change the parent's, too.
void a_child_does_not_change_its_parents_closures () {
  int five = 5, six = 6, status = -1;
  start ();
  int_func func = adder (&five);
  pid_t pid = fork ();
  REQUIRE (pid >= 0);
  if (pid == 0) {
    MIR_code_status_t made;
    int right = func (1) == 6;
    right &= MIR_ffi_closure_free (space, reinterpret_cast<void *> (func)) == MIR_CODE_OK;
    int_func own = new_adder (writer, &six, &made);
    right &= made == MIR_CODE_OK && own == func && own (1) == 7;
    _exit (right ? PASSED : FAILED);
  }
  REQUIRE (waitpid (pid, &status, 0) == pid);
  CHECK_INT (status, PASSED);
  CHECK_INT (func (1), 6);
  free_adder (func);
  finish ();
}

/*---------------- Exceptions -----------------------------*/

void throw_sum (ffi_cif *, void *, void **args, void *user_data) {
  throw *static_cast<int *> (args[0]) + *static_cast<int *> (user_data);
}

// A closure jumps into libffi, whose frames have descriptions, and has no frame of its own.
void exceptions_pass_through_a_closure () {
  int five = 5, caught = 0;
  void *code = nullptr;
  start ();
  REQUIRE (MIR_ffi_closure_new (writer, &int_cif, throw_sum, &five, &code) == MIR_CODE_OK);
  try {
    caught = reinterpret_cast<int_func> (code) (10);
  } catch (int sum) {
    caught = sum + 100;
  }
  CHECK_INT (caught, 115);
  CHECK_INT (MIR_ffi_closure_free (space, code), MIR_CODE_OK);
  finish ();
}

}  // namespace

int main () {
  if (ffi_prep_cif (&int_cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, int_args) != FFI_OK) return 1;
  TEST_RUN (closures_call_their_functions);
  TEST_RUN (structures_and_doubles_pass);
  TEST_RUN (a_closure_is_never_writable);
  TEST_RUN (threads_have_writers_of_their_own);
  TEST_RUN (an_abi_without_closures_is_refused);
  TEST_RUN (nothing_is_left_after_a_closure);
  TEST_RUN (every_refused_allocation_is_a_status);
  TEST_RUN (closures_beyond_the_limit_are_refused);
  TEST_RUN (every_back_end_holds_closures);
  TEST_RUN (closures_work_under_mdwe);
  TEST_RUN (refused_mappings_are_a_status);
  TEST_RUN (a_child_does_not_change_its_parents_closures);
  TEST_RUN (exceptions_pass_through_a_closure);
  return tap_done ();
}
