/* The LLVM adapter: objects of a C++ compiler are linked by both linkers, run and freed.  */
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "session.h"
#include "support/maps.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

/*---------------- What the objects call -----------------------------*/

extern "C" int program_add (int x) {
  return x + 100;
}

extern "C" void program_throw (int x) {
  if (x != 0) throw static_cast<long> (x);
}

extern "C" int program_end (int x) {
  return x;
}

namespace {

/*---------------- Spaces -----------------------------*/

// A space whose bookkeeping is checked for leaks.
struct space {
  explicit space (std::size_t reserve = 64 << 20) {
    probe_alloc_init (&probe);
    MIR_code_options_t options = {};
    options.size = sizeof (options);
    options.alloc = &probe.alloc;
    options.reserve = reserve;
    if (MIR_code_space_create (&options, &handle) != MIR_CODE_OK) handle = nullptr;
  }
  ~space () {
    MIR_code_space_finish (handle);
    CHECK_INT (probe_alloc_finish (&probe), 0);
  }
  MIR_code_stats_t stats () const {
    MIR_code_stats_t stats = {};
    stats.size = sizeof (stats);
    CHECK (MIR_code_get_stats (handle, &stats) == MIR_CODE_OK);
    return stats;
  }
  bool holds (const void *addr) const {
    std::uint8_t *start;
    std::size_t len;
    MIR_code_range (handle, &start, &len);
    return reinterpret_cast<std::uintptr_t> (addr) - reinterpret_cast<std::uintptr_t> (start) < len;
  }

  probe_alloc probe;
  MIR_code_space_t handle;
};

bool contains (const std::string &text, const char *part) {
  if (text.find (part) != std::string::npos) return true;
  tap_note ("no \"%s\" in: %s", part, text.c_str ());
  return false;
}

std::string access_to (const void *addr) {
  char access[5];
  access_of (addr, access);
  return std::string (access, 3);
}

/*---------------- Linking -----------------------------*/

template <linker with>
void linked_code_runs_with_its_data () {
  space s;
  session jit (with, s.handle);
  REQUIRE (jit.add ("plain") != nullptr);
  auto *plain = jit.get<int (int)> ("plain");
  REQUIRE (plain != nullptr);
  int *calls = jit.get<int *()> ("plain_calls") ();
  const int *table = *jit.get<const int *> ("plain_table");
  CHECK_INT (plain (2), 102 + 30);
  CHECK_INT (plain (3), 103 + 40);
  CHECK_INT (*calls, 7);
  CHECK (s.holds (reinterpret_cast<void *> (plain)) && s.holds (calls) && s.holds (table));
  CHECK_STR (access_to (reinterpret_cast<void *> (plain)).c_str (), "r-x");
  CHECK_STR (access_to (calls).c_str (), "rw-");
  CHECK_STR (access_to (table).c_str (),
             with == RTDYLD || jitlink_tells_accesses () ? "r--" : "rw-");
  CHECK_STR (jit.error ().c_str (), "");
}

// The first round fills caches of the library.
template <linker with>
void removed_objects_leave_nothing () {
  space s;
  session jit (with, s.handle);
  std::size_t before = 0;
  (void) jit.find ("plain");  // what the JIT links for itself
  std::size_t own = s.stats ().pieces;
  for (int round = 0; round < 5; round++) {
    std::vector<std::shared_ptr<session::object>> objects;
    for (const char *name : {"plain", "exceptions", "statics", "aligned-4096"})
      objects.push_back (jit.add (name));
    REQUIRE (jit.find ("plain") != nullptr && jit.find ("exceptions_inside") != nullptr);
    REQUIRE (jit.find ("statics") != nullptr && jit.find ("aligned_variable") != nullptr);
    CHECK (s.stats ().pieces > own);
    for (auto &object : objects) CHECK (jit.remove (object));
    CHECK_INT (s.stats ().pieces, own);
    CHECK_INT (s.stats ().freed, 0);
    if (round == 1) before = s.stats ().bookkeeping_bytes;
    if (round > 1) CHECK_INT (s.stats ().bookkeeping_bytes, before);
  }
  (void) jit.error ();
}

template <linker with>
void exceptions_pass_and_are_caught () {
  space s;
  session jit (with, s.handle);
  auto object = jit.add ("exceptions");
  auto *through = jit.get<int (int)> ("exceptions_through");
  auto *inside = jit.get<int (int)> ("exceptions_inside");
  int *cleaned = jit.get<int> ("exceptions_cleaned");
  REQUIRE (through != nullptr && inside != nullptr && cleaned != nullptr);
  long caught = 0;
  try {
    through (42);
  } catch (long thrown) {
    caught = thrown;
  }
  CHECK_INT (caught, 42);
  CHECK_INT (*cleaned, 1);
  CHECK_INT (inside (7), 1007);
  CHECK_INT (*cleaned, 2);
  CHECK_INT (inside (-7), 1993);
  CHECK (jit.remove (object));
}

// New code may get the place of old code, whose frames must not be found any more.
template <linker with>
void frames_end_with_their_code () {
  space s;
  session jit (with, s.handle);
  for (int round = 0; round < 20; round++) {
    auto filler = jit.add (round % 2 == 0 ? "statics" : "plain");
    REQUIRE (jit.find (round % 2 == 0 ? "statics" : "plain") != nullptr);
    auto object = jit.add ("exceptions");
    auto *inside = jit.get<int (int)> ("exceptions_inside");
    REQUIRE (inside != nullptr);
    CHECK_INT (inside (round + 1), 1001 + round);
    CHECK (jit.remove (filler));
    CHECK_INT (inside (-7), 1993);
    CHECK (jit.remove (object));
  }
}

template <linker with>
void statics_and_jump_tables_work () {
  space s;
  session jit (with, s.handle);
  REQUIRE (jit.add ("statics") != nullptr);
  auto *statics = jit.get<int (int)> ("statics"), *cases = jit.get<int (int)> ("statics_switch");
  REQUIRE (statics != nullptr && cases != nullptr);
  CHECK_INT (cases (1), 0);
  CHECK_INT (statics (5), 105);
  CHECK_INT (statics (6), 105);
  static const int expected[] = {17, 1, 107, 7, 99, 101, -6, -1};
  for (int i = 0; i < 8; i++) CHECK_INT (cases (i), expected[i]);
}

template <linker with>
void inline_functions_of_two_objects_are_one () {
  space s;
  session jit (with, s.handle);
  REQUIRE (jit.add ("inline-one") != nullptr && jit.add ("inline-two") != nullptr);
  auto *one = jit.get<int ()> ("inline_one"), *two = jit.get<int ()> ("inline_two");
  REQUIRE (one != nullptr && two != nullptr);
  CHECK_INT (one (), 82);
  CHECK_INT (two (), 84);
  CHECK_INT (one (), 86);
}

template <linker with>
void alignments_up_to_64_KiB_hold () {
  for (const char *name : {"aligned-64", "aligned-4096", "aligned-65536"}) {
    space s;
    session jit (with, s.handle);
    REQUIRE (jit.add (name) != nullptr);
    auto alignment = static_cast<std::uintptr_t> (std::atol (name + std::strlen ("aligned-")));
    int *variable = jit.get<int> ("aligned_variable"),
        *constant = jit.get<int> ("aligned_constant");
    char *zeros = jit.get<char> ("aligned_zeros");
    REQUIRE (variable != nullptr && constant != nullptr && zeros != nullptr);
    CHECK_INT (reinterpret_cast<std::uintptr_t> (variable) % alignment, 0);
    CHECK_INT (reinterpret_cast<std::uintptr_t> (constant) % alignment, 0);
    CHECK_INT (*variable + *constant, 13);
    std::size_t wrong = 0;
    for (int i = 0; i < 1 << 20; i++) wrong += zeros[i] != 0;
    CHECK_INT (wrong, 0);
  }
}

template <linker with>
void libraries_have_their_own_and_share_the_range () {
  space s;
  session jit (with, s.handle);
  for (unsigned i = 0; i < session::LIBRARIES; i++) REQUIRE (jit.add ("plain", i) != nullptr);
  int *last = nullptr;
  for (unsigned i = 0; i < session::LIBRARIES; i++) {
    auto *plain_calls = jit.get<int *()> ("plain_calls", i);
    REQUIRE (plain_calls != nullptr);
    CHECK (plain_calls () != last && s.holds (plain_calls ()));
    last = plain_calls ();
  }
}

/*---------------- Threads -----------------------------*/

enum { ROUNDS = 10, CHAIN = 8 };

// Each object of the chain is linked while the one before it is.
void add_chain (session &jit, unsigned library,
                std::vector<std::shared_ptr<session::object>> &objects) {
  for (int i = 0; i < CHAIN; i++)
    objects.push_back (jit.add (("chain-" + std::to_string (i)).c_str (), library));
}

template <linker with>
void objects_link_while_others_do () {
  space s;
  session jit (with, s.handle);
  std::vector<std::shared_ptr<session::object>> objects;
  add_chain (jit, 0, objects);
  auto *first = jit.get<int (int)> ("chain_0");
  REQUIRE (first != nullptr);
  CHECK_INT (first (1000), 1000 + CHAIN);
}

using object_list = std::vector<std::shared_ptr<session::object>>;

// One thread of four: all share library 0 and have another one of their own.
void link_and_run (session &jit, unsigned own, object_list &added, std::atomic<int> &wrong) {
  for (const char *name : {"exceptions", "statics", "inline-one", "inline-two", "plain"})
    added.push_back (jit.add (name, own));
  auto *shared = jit.get<int (int)> ("chain_0");
  auto *plain = jit.get<int (int)> ("plain", own);
  auto *inside = jit.get<int (int)> ("exceptions_inside", own);
  auto *one = jit.get<int ()> ("inline_one", own), *two = jit.get<int ()> ("inline_two", own);
  if (shared == nullptr || plain == nullptr || inside == nullptr || one == nullptr
      || two == nullptr) {
    wrong++;
    return;
  }
  wrong += shared (1) != 1 + CHAIN || plain (2) != 132;
  wrong += inside (3) != 1003 || inside (-3) != 1997;
  wrong += one () != 82 || two () != 84;
}

// Not with objects that are linked because others need them: LLVM 19 then crashes now and then with its own managers,
// too.
template <linker with>
void threads_link_and_free_at_once () {
  space s;
  session jit (with, s.handle);
  object_list shared;
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  add_chain (jit, 0, shared);
  (void) jit.find ("chain_0");
  std::size_t before = s.stats ().pieces;
  for (unsigned own = 1; own < session::LIBRARIES; own++)
    threads.emplace_back ([&jit, &wrong, own] {
      for (int round = 0; round < ROUNDS; round++) {
        object_list added;
        link_and_run (jit, own, added, wrong);
        for (auto &object : added) wrong += !jit.remove (object);
      }
    });
  for (std::thread &thread : threads) thread.join ();
  CHECK_INT (wrong.load (), 0);
  (void) jit.error ();  // a thread may be told that another one has just freed what it linked
  CHECK_INT (s.stats ().pieces, before);
}

/*---------------- Refusing -----------------------------*/

template <linker with>
void native_thread_locals_are_refused_and_emulated_ones_work () {
  space s;
  session jit (with, s.handle);
  REQUIRE (jit.add ("thread-local") != nullptr);
  CHECK (jit.find ("native_thread_local") == nullptr);
  CHECK (contains (jit.error (), "thread-local"));
  jit.add_thread_local ();
  auto *address = jit.get<int *()> ("emulated_thread_local");
  REQUIRE (address != nullptr);
  int *here = address (), *there = nullptr;
  std::thread ([&there, address] {
    there = address ();
    CHECK_INT (*there, 11);
  }).join ();
  CHECK_INT (*here, 11);
  CHECK (here != there);
}

template <linker with>
void what_cannot_be_placed_is_an_error_and_the_rest_goes_on () {
  space s (4 << 20);
  session jit (with, s.handle);
  REQUIRE (jit.add ("plain") != nullptr && jit.find ("plain") != nullptr);
  std::size_t before = s.stats ().pieces;
  auto too_aligned = jit.add ("aligned-131072");
  CHECK (jit.find ("aligned_variable") == nullptr);
  CHECK (contains (jit.error (), "no memory for"));
  if (too_aligned != nullptr) CHECK (jit.remove (too_aligned));
  auto too_large = jit.add ("large");
  CHECK (jit.find ("aligned_variable") == nullptr);
  CHECK (contains (jit.error (), "no memory for"));
  if (too_large != nullptr) CHECK (jit.remove (too_large));
  CHECK_INT (s.stats ().pieces, before);
  REQUIRE (jit.add ("exceptions") != nullptr);
  auto *inside = jit.get<int (int)> ("exceptions_inside");
  REQUIRE (inside != nullptr);
  CHECK_INT (inside (1), 1001);
}

void JITLink_refuses_what_is_writable_and_executable () {
  if (!jitlink_tells_accesses ()) tap_skip ("this version maps it without write access");
  space s;
  session jit (JITLINK, s.handle);
  REQUIRE (jit.add ("open") != nullptr);
  CHECK (jit.find ("open_function") == nullptr);
  CHECK (contains (jit.error (), "writable and executable"));
}

void a_space_without_a_range_is_an_error () {
  space s (0);
  session jit (JITLINK, s.handle);
  REQUIRE (jit.add ("plain") != nullptr);
  CHECK (jit.find ("plain") == nullptr);
  CHECK (contains (jit.error (), MIR_code_status_text (MIR_CODE_BAD_OPTION)));
}

/*---------------- Actions of JITLink -----------------------------*/

void actions_run_before_and_after () {
  space s;
  session jit (JITLINK, s.handle);
  int counts[2] = {0, 0};
  jit.use_actions (counts);
  std::vector<std::shared_ptr<session::object>> objects = {jit.add ("plain"), jit.add ("statics"),
                                                           jit.add ("exceptions")};
  REQUIRE (jit.find ("plain") != nullptr && jit.find ("statics") != nullptr);
  CHECK_INT (counts[0], 2);
  for (auto &object : objects) CHECK (jit.remove (object));
  CHECK_INT (counts[0], 2);
  CHECK_INT (counts[1], 2);
}

void an_action_that_fails_frees_the_object () {
  space s;
  session jit (JITLINK, s.handle);
  int counts[2] = {-1, 0};
  std::size_t before = s.stats ().pieces;
  jit.use_actions (counts);
  REQUIRE (jit.add ("exceptions") != nullptr);
  CHECK (jit.find ("exceptions_inside") == nullptr);
  CHECK (contains (jit.error (), "refused"));
  CHECK_INT (counts[1], 0);
  CHECK_INT (s.stats ().pieces, before);
}

// Code that is needed until the object is published leaves its place to others.
void what_is_needed_for_the_actions_alone_is_given_back () {
  space s;
  session jit (JITLINK, s.handle);
  int counts[2] = {0, 0};
  (void) jit.find ("plain");
  std::size_t before = s.stats ().piece_bytes;
  jit.use_transient_bytes (100000);
  jit.use_actions (counts);
  auto object = jit.add ("plain");
  auto *plain = jit.get<int (int)> ("plain");
  REQUIRE (plain != nullptr);
  CHECK_INT (plain (1), 121);
  CHECK_INT (counts[0], 1);
  CHECK (s.stats ().piece_bytes > before && s.stats ().piece_bytes < before + 10000);
  CHECK (jit.remove (object));
  CHECK_INT (s.stats ().piece_bytes, before);
}

/*---------------- MCJIT -----------------------------*/

// One manager for two objects, the second one after the first one has run.
void an_MCJIT_works () {
  space s;
  CHECK_INT (run_with_mcjit (s.handle), 42);
  CHECK_INT (s.stats ().pieces, 0);
}

}  // namespace

#define WITH_BOTH(NAME)                            \
  (tap_run (#NAME " with JITLink", NAME<JITLINK>), \
   tap_run (#NAME " with RuntimeDyld", NAME<RTDYLD>))

int main () {
  WITH_BOTH (linked_code_runs_with_its_data);
  WITH_BOTH (removed_objects_leave_nothing);
  WITH_BOTH (exceptions_pass_and_are_caught);
  WITH_BOTH (frames_end_with_their_code);
  WITH_BOTH (statics_and_jump_tables_work);
  WITH_BOTH (inline_functions_of_two_objects_are_one);
  WITH_BOTH (alignments_up_to_64_KiB_hold);
  WITH_BOTH (libraries_have_their_own_and_share_the_range);
  WITH_BOTH (objects_link_while_others_do);
  WITH_BOTH (threads_link_and_free_at_once);
  WITH_BOTH (native_thread_locals_are_refused_and_emulated_ones_work);
  WITH_BOTH (what_cannot_be_placed_is_an_error_and_the_rest_goes_on);
  TEST_RUN (JITLink_refuses_what_is_writable_and_executable);
  TEST_RUN (a_space_without_a_range_is_an_error);
  TEST_RUN (actions_run_before_and_after);
  TEST_RUN (an_action_that_fails_frees_the_object);
  TEST_RUN (what_is_needed_for_the_actions_alone_is_given_back);
  TEST_RUN (an_MCJIT_works);
  return tap_done ();
}
