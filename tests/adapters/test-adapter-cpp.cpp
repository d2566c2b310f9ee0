// The C++ adapters: std::pmr in both directions, and the standard allocator.
#include "adapters/mir-pmr.hpp"

#include <cstdint>
#include <list>
#include <map>
#include <memory_resource>
#include <string>
#include <vector>

#include "adapters/mir-std.hpp"
#include "mir-heap.h"
#include "mir.h"
#include "support/conformance.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

namespace {

struct alignas (64) line {
  unsigned char bytes[64];
};

// A resource that checks that blocks come back with their own size and alignment.
class strict_resource : public std::pmr::memory_resource {
 public:
  std::map<void *, std::pair<std::size_t, std::size_t>> blocks;
  std::size_t wrong = 0, calls = 0, fail_at = SIZE_MAX;

 private:
  void *do_allocate (std::size_t size, std::size_t alignment) override {
    if (++calls == fail_at) throw std::bad_alloc ();
    void *res = std::pmr::new_delete_resource ()->allocate (size, alignment);
    blocks[res] = {size, alignment};
    return res;
  }
  void do_deallocate (void *ptr, std::size_t size, std::size_t alignment) override {
    auto found = blocks.find (ptr);
    if (found == blocks.end () || found->second != std::make_pair (size, alignment)) {
      wrong++;
      return;
    }
    blocks.erase (found);
    std::pmr::new_delete_resource ()->deallocate (ptr, size, alignment);
  }
  bool do_is_equal (const memory_resource &other) const noexcept override { return this == &other; }
};

void fill_pmr_containers (std::pmr::memory_resource *resource) {
  std::pmr::vector<std::pmr::string> names{resource};
  std::pmr::map<int, std::pmr::string> by_number{resource};
  std::pmr::vector<line> lines{resource};
  for (int i = 0; i < 200; i++) {
    names.emplace_back ("a name which is too long to be kept inside " + std::to_string (i));
    by_number.emplace (i, names.back ());
    lines.push_back (line{{static_cast<unsigned char> (i)}});
    CHECK (reinterpret_cast<std::uintptr_t> (&lines.back ()) % 64 == 0);
  }
  for (int i = 0; i < 200; i++) {
    CHECK (by_number[i] == names[static_cast<std::size_t> (i)]);
    CHECK (lines[static_cast<std::size_t> (i)].bytes[0] == i);
  }
}

void containers_run_on_a_resource () {
  probe_alloc probe;
  probe_alloc_init (&probe);
  {
    mir::memory_resource resource{&probe.alloc};
    fill_pmr_containers (&resource);
    for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2)
      for (std::size_t size : {0, 1, 30, 5000}) {
        void *block = resource.allocate (size, alignment);
        CHECK (reinterpret_cast<std::uintptr_t> (block) % alignment == 0);
        std::memset (block, 1, size);
        resource.deallocate (block, size, alignment);
      }
  }
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

void refusals_are_exceptions_in_cpp () {
  probe_alloc probe;
  probe_alloc_init (&probe);
  mir::memory_resource resource{&probe.alloc};
  bool done = false;
  long caught = 0;
  for (long n = 0; !done && n < 10000; n += n < 50 ? 1 : 37) {
    probe_alloc_fail_after (&probe, n, 0);
    try {
      fill_pmr_containers (&resource);
      done = true;
    } catch (const std::bad_alloc &) {
      caught++;
    }
    CHECK_INT (probe.live_blocks, 0);
  }
  CHECK (done && caught > 50);
  int huge = 0;
  try {
    (void) resource.allocate (SIZE_MAX - 10, 64);
  } catch (const std::bad_alloc &) {
    huge++;
  }
  CHECK_INT (huge, 1);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

void resources_are_equal_on_one_alloc () {
  probe_alloc probe, other;
  probe_alloc_init (&probe);
  probe_alloc_init (&other);
  mir::memory_resource a{&probe.alloc}, b{&probe.alloc}, c{&other.alloc};
  CHECK (a == b && a != c && a != *std::pmr::new_delete_resource ());
  probe_alloc_finish (&probe);
  probe_alloc_finish (&other);
}

void resource_conforms_as_alloc () {
  strict_resource resource;
  mir::alloc_on_resource alloc{&resource};
  conformance_run (alloc.get (), CONFORM_ALL);
  CHECK_INT (resource.wrong, 0);
  CHECK_INT (resource.blocks.size (), 0);
}

void exceptions_become_null () {
  for (std::size_t n = 1, failed = 1; failed != 0; n++) {
    strict_resource resource;
    resource.fail_at = n;
    mir::alloc_on_resource alloc{&resource};
    CHECK_INT (conformance_scenario (alloc.get ()), 0);
    failed = resource.calls >= n;
    CHECK_INT (resource.blocks.size (), 0);
  }
  mir::alloc_on_resource none{std::pmr::null_memory_resource ()};
  CHECK_PTR (MIR_malloc (none.get (), 8), nullptr);
}

// Refuse all memory of the probe at ARG, or none.
void refuse_all (void *arg, int on) {
  probe_alloc_fail_after (static_cast<probe_alloc *> (arg), on ? 0 : -1, on);
}

void there_and_back_again_conforms () {
  probe_alloc probe;
  probe_alloc_init (&probe);
  mir::memory_resource there{&probe.alloc};
  mir::alloc_on_resource back{&there};
  conformance_run (back.get (), CONFORM_ALL);
  conformance_shrinks (back.get (), refuse_all, &probe);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

void pools_of_the_standard_library_serve_a_context () {
  std::pmr::unsynchronized_pool_resource pool;
  mir::alloc_on_resource alloc{&pool};
  MIR_context_t ctx = MIR_init2 (alloc.get (), nullptr);
  CHECK (ctx != nullptr);
  MIR_finish (ctx);
}

void standard_containers_run_on_an_alloc () {
  probe_alloc probe;
  probe_alloc_init (&probe);
  {
    mir::allocator<int> allocator{&probe.alloc};
    std::vector<int, mir::allocator<int>> numbers (allocator);
    std::list<int, mir::allocator<int>> list (allocator);
    std::map<int, int, std::less<int>, mir::allocator<std::pair<const int, int>>> map (allocator);
    std::vector<line, mir::allocator<line>> lines (allocator);
    for (int i = 0; i < 500; i++) {
      numbers.push_back (i);
      list.push_front (i);
      map[i] = -i;
      lines.push_back (line{});
      CHECK (reinterpret_cast<std::uintptr_t> (&lines.back ()) % 64 == 0);
    }
    auto moved = std::move (numbers);
    CHECK (moved[499] == 499 && list.front () == 499 && map[499] == -499);
    CHECK (moved.get_allocator () == allocator);
    auto copied = moved;
    copied.swap (moved);
    int huge = 0;
    try {
      moved.reserve (moved.max_size ());
    } catch (const std::exception &) {
      huge++;
    }
    CHECK_INT (huge, 1);
    CHECK (probe.live_blocks > 1000);
  }
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

void arena_frees_what_containers_leave () {
  MIR_arena_t arena;
  REQUIRE (MIR_arena_create (nullptr, 0, &arena) == MIR_HEAP_OK);
  mir::memory_resource resource{&arena->alloc};
  for (int round = 0; round < 10; round++) {
    MIR_arena_mark_t mark = MIR_arena_get_mark (arena);
    fill_pmr_containers (&resource);
    CHECK (MIR_arena_reset (arena, mark) == MIR_HEAP_OK);
  }
  MIR_arena_finish (arena);
}

}  // namespace

int main () {
  TEST_RUN (containers_run_on_a_resource);
  TEST_RUN (refusals_are_exceptions_in_cpp);
  TEST_RUN (resources_are_equal_on_one_alloc);
  TEST_RUN (resource_conforms_as_alloc);
  TEST_RUN (exceptions_become_null);
  TEST_RUN (there_and_back_again_conforms);
  TEST_RUN (pools_of_the_standard_library_serve_a_context);
  TEST_RUN (standard_containers_run_on_an_alloc);
  TEST_RUN (arena_frees_what_containers_leave);
  return tap_done ();
}
