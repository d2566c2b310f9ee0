/* The LLVM adapter when memory or system calls are refused, and under the restrictions of hardened systems.  */
#include <cerrno>
#include <memory>
#include <string>

#include "session.h"
#include "support/probe-alloc.h"
#include "support/restrictions.h"
#include "support/tap.h"

extern "C" {
#include "support/refused-calls.h"

int program_add (int x) {
  return x + 100;
}

void program_throw (int x) {
  if (x != 0) throw static_cast<long> (x);
}
}

namespace {

MIR_code_space_t make_space (MIR_alloc_t alloc, MIR_code_protection_t protection,
                             MIR_code_poison_t poison) {
  MIR_code_options_t options = {};
  MIR_code_space_t space;
  options.size = sizeof (options);
  options.alloc = alloc;
  options.reserve = 64 << 20;
  options.protection = protection;
  options.poison = poison;
  return MIR_code_space_create (&options, &space) == MIR_CODE_OK ? space : nullptr;
}

// Whether objects with all kinds of sections are linked and work; they are freed again.
bool links_and_runs (session &jit) {
  auto object = jit.add ("exceptions"), other = jit.add ("plain");
  auto *inside = jit.get<int (int)> ("exceptions_inside"), *plain = jit.get<int (int)> ("plain");
  bool right = inside != nullptr && plain != nullptr;
  if (right) right = inside (7) == 1007 && inside (-7) == 1993 && plain (1) == 121;
  // Nothing is left of an object that could not be linked but its tracker.
  bool removed = object != nullptr && jit.remove (object);
  removed &= other != nullptr && jit.remove (other);
  return right && removed;
}

/*---------------- Refusals -----------------------------*/

// One run with a refusal, which ARM begins and DISARM ends; DISARM returns how many there were.
template <linker with, typename begin, typename end>
long run_with_refusal (begin arm, end disarm) {
  probe_alloc probe;
  probe_alloc_init (&probe);
  MIR_code_space_t space = make_space (&probe.alloc, MIR_CODE_OPEN_ALIAS, MIR_CODE_KEEP);
  long refused = 0;
  if (space != nullptr) {
    session jit (with, space);
    arm (probe);
    bool right = links_and_runs (jit);
    refused = disarm (probe);
    std::string text = jit.error ();
    // The library may go on without what was refused.
    CHECK (right || (refused != 0 && !text.empty ()));
    if (!right && text.find ("no memory for") == std::string::npos
        && text.find ("cannot ") == std::string::npos)
      tap_note ("refusal: %s", text.c_str ());
    CHECK (links_and_runs (jit));
  }
  MIR_code_space_finish (space);
  CHECK_INT (probe_alloc_finish (&probe), 0);
  return refused;
}

template <linker with>
void every_refused_allocation_is_an_error () {
  long refused = 1, n = 0;
  for (; refused != 0; n++) {
    refused =
        run_with_refusal<with> ([n] (probe_alloc &probe) { probe_alloc_fail_after (&probe, n, 0); },
                                [] (probe_alloc &probe) {
                                  probe_alloc_fail_after (&probe, -1, 0);
                                  return static_cast<long> (probe.failed);
                                });
    REQUIRE (n < 200);
  }
  tap_note ("%ld allocations", n - 1);
  CHECK (n > 1);
}

template <linker with>
void refuse_calls (int forever, int error) {
  long refused = 1, n = 1;
  for (; refused != 0; n++) {
    refusal what = {n, forever, error, 0};
    calls_begin ();
    refused = run_with_refusal<with> ([&what] (probe_alloc &) { calls_arm (&what); },
                                      [] (probe_alloc &) {
                                        calls_disarm ();
                                        return calls_refused ();
                                      });
    CHECK_INT (calls_live_mappings (), 0);
    CHECK_INT (calls_live_descriptors (), 0);
    if (calls_live_mappings () != 0) calls_print_mappings ();
    REQUIRE (n < 300);
  }
  tap_note ("%ld calls", n - 2);
  CHECK (n > 2);
}

template <linker with>
void every_refused_system_call_is_an_error () {
  refuse_calls<with> (0, ENOMEM);
  refuse_calls<with> (1, EACCES);
}

// What could not be poisoned stays as it was, and LLVM is told.
void code_that_cannot_be_freed_is_an_error () {
  MIR_code_space_t space = make_space (nullptr, MIR_CODE_CLOSED_ALIAS, MIR_CODE_POISON_ALL);
  REQUIRE (space != nullptr);
  {
    session jit (JITLINK, space);
    auto object = jit.add ("plain");
    auto *plain = jit.get<int (int)> ("plain");
    REQUIRE (plain != nullptr);
    refusal all = {1, 1, ENOMEM, 0};
    calls_arm (&all);
    CHECK (!jit.remove (object));
    calls_disarm ();
    CHECK (jit.error ().find ("cannot free code") != std::string::npos);
    CHECK_INT (plain (1), 121);
  }
  MIR_code_space_finish (space);
}

/*---------------- Restrictions -----------------------------*/

linker linker_of_child;
int (*restriction_of_child) ();

int works_under_restriction () {
  if (restriction_of_child () != 0) return NOT_HERE;
  MIR_code_space_t space = make_space (nullptr, MIR_CODE_OPEN_ALIAS, MIR_CODE_KEEP);
  if (space == nullptr) return FAILED;
  bool right;
  {
    session jit (linker_of_child, space);
    right = links_and_runs (jit);
    if (!right) tap_note ("%s", jit.error ().c_str ());
  }
  MIR_code_space_finish (space);
  return right ? PASSED : FAILED;
}

template <linker with>
void check_under (int (*restriction) ()) {
  linker_of_child = with;
  restriction_of_child = restriction;
  check_passes_in_child (works_under_restriction, "the restriction is not here");
}

template <linker with>
void code_is_linked_under_MDWE () {
  check_under<with> (mdwe);
}

// The filter of systemd's MemoryDenyWriteExecute=.
template <linker with>
void code_is_linked_under_the_filter_of_systemd () {
  check_under<with> (seccomp_write_execute);
}

template <linker with>
void code_is_linked_under_both_without_memory_files () {
  check_under<with> (mdwe_seccomp_no_memfd);
}

}  // namespace

#define WITH_BOTH(NAME)                            \
  (tap_run (#NAME " with JITLink", NAME<JITLINK>), \
   tap_run (#NAME " with RuntimeDyld", NAME<RTDYLD>))

int main () {
  WITH_BOTH (every_refused_allocation_is_an_error);
  WITH_BOTH (every_refused_system_call_is_an_error);
  TEST_RUN (code_that_cannot_be_freed_is_an_error);
  WITH_BOTH (code_is_linked_under_MDWE);
  WITH_BOTH (code_is_linked_under_the_filter_of_systemd);
  WITH_BOTH (code_is_linked_under_both_without_memory_files);
  return tap_done ();
}
