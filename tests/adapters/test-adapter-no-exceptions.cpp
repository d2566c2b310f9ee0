// The C++ adapters in a program without exceptions and RTTI: they serve as elsewhere, and a refusal ends
// the process with a line.
#include <csignal>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory_resource>
#include <new>
#include <string>
#include <vector>

#include "adapters/mir-pmr.hpp"
#include "adapters/mir-std.hpp"
#include "support/child.h"
#include "support/conformance.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

#if defined __cpp_exceptions || defined __cpp_rtti
#error "compile this without both"
#endif

namespace {

struct alignas (64) line {
  unsigned char bytes[64];
};

void containers_run_on_a_resource () {
  probe_alloc probe;
  probe_alloc_init (&probe);
  {
    mir::memory_resource resource{&probe.alloc};
    std::pmr::map<int, std::pmr::string> names{&resource};
    std::pmr::vector<line> lines{&resource};
    for (int i = 0; i < 100; i++) {
      names.emplace (i, "a name which is too long to be kept inside " + std::to_string (i));
      lines.push_back (line{});
      CHECK (reinterpret_cast<std::uintptr_t> (&lines.back ()) % 64 == 0);
    }
    CHECK (names[99].size () > 40 && probe.live_blocks > 100);
  }
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

void containers_run_on_an_allocator () {
  probe_alloc probe;
  probe_alloc_init (&probe);
  {
    mir::allocator<int> allocator{&probe.alloc};
    std::vector<int, mir::allocator<int>> numbers (allocator);
    for (int i = 0; i < 100; i++) numbers.push_back (i);
    CHECK (numbers[99] == 99 && probe.live_blocks == 1);
  }
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

void a_resource_serves_c () {
  mir::alloc_on_resource alloc{std::pmr::new_delete_resource ()};
  conformance_run (alloc.get (), CONFORM_ALL);
}

// Without RTTI no resource knows another's class.
void a_resource_equals_itself () {
  probe_alloc probe;
  probe_alloc_init (&probe);
  mir::memory_resource a{&probe.alloc}, b{&probe.alloc};
  CHECK (a == a && a != b && a != *std::pmr::new_delete_resource ());
  std::pmr::vector<int> from ({1, 2, 3}, &a), to (&b);
  to = std::move (from);
  CHECK (to.size () == 3 && to[2] == 3);
  to = std::pmr::vector<int> (&b);
  from = std::pmr::vector<int> (&a);
  std::pmr::vector<int> (&a).swap (from);
}

probe_alloc refusing;

int allocate_from_a_resource () {
  mir::memory_resource resource{&refusing.alloc};
  (void) resource.allocate (100);
  return 0;
}

int allocate_from_an_allocator () {
  mir::allocator<int> allocator{&refusing.alloc};
  (void) allocator.allocate (100);
  return 0;
}

int allocate_too_many () {
  mir::allocator<int> allocator{&refusing.alloc};
  volatile std::size_t num = SIZE_MAX / 2;
  (void) allocator.allocate (num);
  return 0;
}

int allocate_from_none () {
  mir::alloc_on_resource none{std::pmr::null_memory_resource ()};
  return MIR_malloc (none.get (), 8) == nullptr;
}

void refusals_end_the_process_with_a_line () {
  char text[200];
  probe_alloc_init (&refusing);
  probe_alloc_fail_after (&refusing, 0, 1);
  for (auto func : {allocate_from_a_resource, allocate_from_an_allocator, allocate_too_many}) {
    child_end end = run_child (func, text, sizeof (text));
    CHECK_INT (end.signal, SIGABRT);
    CHECK_STR (text, "mir-alloc: out of memory in C++ code without exceptions\n");
  }
  probe_alloc_finish (&refusing);
}

void exceptions_of_others_end_the_process () {
  char text[200];
  CHECK_INT (run_child (allocate_from_none, text, sizeof (text)).signal, SIGABRT);
}

}  // namespace

int main () {
  TEST_RUN (containers_run_on_a_resource);
  TEST_RUN (containers_run_on_an_allocator);
  TEST_RUN (a_resource_serves_c);
  TEST_RUN (a_resource_equals_itself);
  TEST_RUN (refusals_end_the_process_with_a_line);
  TEST_RUN (exceptions_of_others_end_the_process);
  return tap_done ();
}
