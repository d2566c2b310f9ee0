// The libtcc adapter: libtcc compiles, a code space holds the code and its data.
#include "adapters/mir-tcc.h"

#include <cstring>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "adapters/adapter-fixture.h"
#include "mir-code-tools.h"
#include "support/maps.h"
#include "support/restrictions.h"
#include "support/tap.h"

namespace {

typedef int (*int_func) (int);

MIR_code_space_t space;
std::string errors;  // of libtcc

MIR_code_options_t default_options () {
  MIR_code_options_t options = {};
  options.size = sizeof (options);
  options.reserve = 64 << 20;
  options.backends = MIR_CODE_RWX;
  return options;
}

void start (const MIR_code_options_t &options) {
  REQUIRE (MIR_code_space_create (&options, &space) == MIR_CODE_OK);
}

void start () {
  start (default_options ());
}

size_t pieces () {
  MIR_code_stats_t stats = {};
  stats.size = sizeof (stats);
  MIR_code_get_stats (space, &stats);
  return stats.pieces;
}

void finish () {
  CHECK_INT (pieces (), 0);
  MIR_code_space_finish (space);
}

int call_outside (int n) {
  return n + 1;
}

void note_error (void *, const char *text) {
  errors += text;
}

/*---------------- The glue of a user -----------------------------*/

const char counter[] =
    "int outside (int); static const int table[] = {10, 20, 30}; static int count;"
    "int counter (int n) { count++; return outside (n) + table[n % 3] + count; }";

TCCState *compile (const char *text) {
  TCCState *state = tcc_new ();
  errors = "";
  tcc_set_error_func (state, nullptr, note_error);
  tcc_set_options (state, "-nostdlib");
  tcc_set_output_type (state, TCC_OUTPUT_MEMORY);
  if (tcc_compile_string (state, text) == 0) return state;
  tcc_delete (state);
  return nullptr;
}

// Sets *FUNC to the function NAME of TEXT, with call_outside for what it calls.
MIR_code_status_t load (const char *text, const char *name, MIR_code_object_t *object,
                        int_func *func) {
  TCCState *state = compile (text);
  REQUIRE (state != nullptr);
  if (std::strstr (text, "int outside") != nullptr)
    tcc_add_symbol (state, "outside", reinterpret_cast<const void *> (&call_outside));
  MIR_code_status_t status = MIR_tcc_relocate (space, state, nullptr, object);
  if (status == MIR_CODE_OK) *func = reinterpret_cast<int_func> (tcc_get_symbol (state, name));
  tcc_delete (state);
  return status;
}

/*---------------- Code and data -----------------------------*/

void programs_outlive_their_compiler () {
  enum { PROGRAMS = 20 };
  MIR_code_object_t objects[PROGRAMS];
  int_func funcs[PROGRAMS];
  int wrong = 0;
  start ();
  for (int i = 0; i < PROGRAMS; i++)
    REQUIRE (load (counter, "counter", &objects[i], &funcs[i]) == MIR_CODE_OK);
  for (int i = 0; i < PROGRAMS; i++)  // each has a count of its own
    for (int calls = 0; calls < i; calls++) wrong += funcs[i](4) != 5 + 20 + calls + 1;
  CHECK_INT (wrong, 0);
  CHECK_INT (pieces (), PROGRAMS);
  for (MIR_code_object_t object : objects)
    CHECK_INT (MIR_code_object_free_now (space, object), MIR_CODE_OK);
  finish ();
}

// libtcc by itself makes pages of the process's heap executable, and leaves them so.
void only_the_space_becomes_executable () {
  if (checker_needs_executable_memory ()) tap_skip ("valgrind has executable memory of its own");
  MIR_code_object_t object;
  int_func func;
  start ();
  int before = count_open_mappings ();
  REQUIRE (load (counter, "counter", &object, &func) == MIR_CODE_OK);
  CHECK_INT (func (0), 12);
  CHECK_INT (MIR_code_object_free_now (space, object), MIR_CODE_OK);
  finish ();
  CHECK (count_open_mappings () <= before);
}

/*---------------- Refusals -----------------------------*/

void an_undefined_symbol_is_an_error_of_libtcc () {
  MIR_code_object_t object;
  int_func func;
  start ();
  CHECK_INT (load ("int missing (int); int f (int n) { return missing (n); }", "f", &object, &func),
             MIR_CODE_BAD_OPTION);
  CHECK (errors.find ("missing") != std::string::npos);
  finish ();
}

void a_space_of_another_kind_is_refused () {
  MIR_code_options_t options = default_options ();
  MIR_code_object_t object;
  int_func func;
  options.backends = 0;
  start (options);
  CHECK_INT (load (counter, "counter", &object, &func), MIR_CODE_BAD_OPTION);
  finish ();
  options = default_options ();
  options.reserve = 0;
  start (options);
  CHECK_INT (load (counter, "counter", &object, &func), MIR_CODE_BAD_OPTION);
  finish ();
}

enum { RIGHT = 42, NO_MEMORY, WRONG };

int run_counter (MIR_alloc_t alloc) {
  MIR_code_options_t options = default_options ();
  MIR_code_object_t object;
  int_func func;
  options.alloc = alloc;
  MIR_code_status_t status = MIR_code_space_create (&options, &space);
  if (status != MIR_CODE_OK) return status == MIR_CODE_NO_MEMORY ? NO_MEMORY : WRONG;
  status = load (counter, "counter", &object, &func);
  int result = status == MIR_CODE_NO_MEMORY ? NO_MEMORY : WRONG;
  if (status == MIR_CODE_OK) {
    bool right = func (1) == 23 && MIR_code_object_free_now (space, object) == MIR_CODE_OK;
    result = right ? RIGHT : WRONG;
  }
  if (pieces () != 0) result = WRONG;
  MIR_code_space_finish (space);
  return result;
}

void nothing_is_left_after_a_program () {
  probe_alloc probe;
  check_nothing_is_left (run_counter, RIGHT, &probe);
}

void every_refused_allocation_is_a_status () {
  check_every_refusal (run_counter, RIGHT, NO_MEMORY);
}

void programs_beyond_the_limit_are_refused () {
  MIR_code_options_t options = default_options ();
  std::vector<MIR_code_object_t> objects;
  MIR_code_object_t object;
  MIR_code_status_t status;
  int_func func = nullptr;
  options.max_bytes = 256 * 1024;
  start (options);
  while ((status = load (counter, "counter", &object, &func)) == MIR_CODE_OK
         && objects.size () < 1000)
    objects.push_back (object);
  CHECK_INT (status, MIR_CODE_LIMIT);
  CHECK_INT (pieces (), objects.size ());
  for (MIR_code_object_t old : objects)
    CHECK_INT (MIR_code_object_free_now (space, old), MIR_CODE_OK);
  CHECK_INT (load (counter, "counter", &object, &func), MIR_CODE_OK);
  CHECK_INT (func (1), 23);
  CHECK_INT (MIR_code_object_free_now (space, object), MIR_CODE_OK);
  finish ();
}

/*---------------- Hardened systems and forks -----------------------------*/

// No memory is writable and executable: neither a space nor libtcc itself has any.
int want_a_space_under_mdwe () {
  MIR_code_options_t options = default_options ();
  if (mdwe () != 0) return NOT_HERE;
  return MIR_code_space_create (&options, &space) == MIR_CODE_NO_BACKEND ? PASSED : FAILED;
}

void there_is_no_space_under_mdwe () {
  check_passes_in_child (want_a_space_under_mdwe, "no PR_SET_MDWE here");
}

int run_in_an_older_space_under_mdwe () {
  MIR_code_object_t object, refused;
  int_func func, none = nullptr;
  start ();
  if (load (counter, "counter", &object, &func) != MIR_CODE_OK) return FAILED;
  if (mdwe () != 0) return NOT_HERE;
  MIR_code_status_t status = load (counter, "counter", &refused, &none);
  if (status != MIR_CODE_WRITE_REFUSED && status != MIR_CODE_MAP_REFUSED) return FAILED;
  return none == nullptr && pieces () == 1 && func (1) == 23 ? PASSED : FAILED;
}

void a_space_from_before_mdwe_passes_its_refusal_on () {
  check_passes_in_child (run_in_an_older_space_under_mdwe, "no PR_SET_MDWE here");
}

void a_child_has_data_of_its_own () {
  MIR_code_object_t object, own_object;
  int_func func, own;
  int status = -1;
  start ();
  REQUIRE (load (counter, "counter", &object, &func) == MIR_CODE_OK);
  pid_t pid = fork ();
  REQUIRE (pid >= 0);
  if (pid == 0) {
    bool right = func (1) == 23 && func (1) == 24;
    right = right && MIR_code_object_free_now (space, object) == MIR_CODE_OK;
    right = right && load (counter, "counter", &own_object, &own) == MIR_CODE_OK;
    _exit (right && own (1) == 23 ? PASSED : FAILED);
  }
  REQUIRE (waitpid (pid, &status, 0) == pid);
  CHECK_INT (status, PASSED);
  CHECK_INT (func (1), 23);
  CHECK_INT (MIR_code_object_free_now (space, object), MIR_CODE_OK);
  finish ();
}

/*---------------- Exceptions -----------------------------*/

int throw_int (int n) {
  throw n;
}

int catch_from (int_func func, int n) {
  try {
    return func (n);
  } catch (int thrown) {
    return thrown + 1000;
  }
}

// libtcc writes no .eh_frame section, but each of its functions keeps a frame record.
void exceptions_pass_through_frame_records () {
  MIR_code_tools_options_t wanted = {sizeof (wanted), nullptr, MIR_CODE_FRAMES, nullptr};
  MIR_code_options_t options = default_options ();
  MIR_code_tools_t tools;
  MIR_code_object_t object;
  REQUIRE (MIR_code_tools_create (&wanted, &tools) == MIR_CODE_TOOL_OK);
  options.hooks = MIR_code_tools_hooks (tools);
  start (options);
  TCCState *state = compile (
      "int raise (int); int inner (int n) { int a[100]; a[n] = n; return raise (a[n]); }"
      "int outer (int n) { return inner (n + 1); }");
  REQUIRE (state != nullptr);
  tcc_add_symbol (state, "raise", reinterpret_cast<const void *> (&throw_int));
  REQUIRE (MIR_tcc_relocate (space, state, nullptr, &object) == MIR_CODE_OK);
  int_func func = reinterpret_cast<int_func> (tcc_get_symbol (state, "outer"));
  tcc_delete (state);
  CHECK_INT (catch_from (func, 7), 1008);
  CHECK_INT (MIR_code_object_free_now (space, object), MIR_CODE_OK);
  finish ();
  MIR_code_tools_finish (tools);
}

}  // namespace

int main () {
  TEST_RUN (programs_outlive_their_compiler);
  TEST_RUN (only_the_space_becomes_executable);
  TEST_RUN (an_undefined_symbol_is_an_error_of_libtcc);
  TEST_RUN (a_space_of_another_kind_is_refused);
  TEST_RUN (nothing_is_left_after_a_program);
  TEST_RUN (every_refused_allocation_is_a_status);
  TEST_RUN (programs_beyond_the_limit_are_refused);
  TEST_RUN (there_is_no_space_under_mdwe);
  TEST_RUN (a_space_from_before_mdwe_passes_its_refusal_on);
  TEST_RUN (a_child_has_data_of_its_own);
  TEST_RUN (exceptions_pass_through_frame_records);
  return tap_done ();
}
