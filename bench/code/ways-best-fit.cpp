/* Ways: a best fit that is only simulated, as a bound for the memory that other ways map.

   Each function takes the shortest free run that fits, of several the one at the lowest address.
   Runs are within slabs of 1 MiB, or of the pages of one function that is longer than that; a slab
   that becomes empty is unmapped at once.  There is no memory at the addresses and no metadata.  */
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "ways.h"
#include "bench.h"

namespace {

constexpr size_t granule = 32, page = 4096, slab_size = size_t (1) << 20;

size_t round_up (size_t size, size_t unit) {
  return (size + unit - 1) / unit * unit;
}

class BestFit {
  size_t limit;
  size_t mapped_bytes = 0;
  uintptr_t next = slab_size;                     /* where the next slab begins */
  std::set<std::pair<size_t, uintptr_t>> by_size; /* the free runs: size, start */
  std::map<uintptr_t, size_t> by_start;           /* the same runs */
  std::unordered_map<uintptr_t, size_t> taken, slabs;

  void add_run (uintptr_t start, size_t size) {
    by_size.insert ({size, start});
    by_start.insert ({start, size});
  }
  void remove_run (uintptr_t start, size_t size) {
    by_size.erase ({size, start});
    by_start.erase (start);
  }

  /* Slabs are apart, so that runs of two slabs are never neighbours.  */
  bool map_slab (size_t least) {
    size_t size = least > slab_size ? round_up (least, page) : slab_size;
    if (limit != 0 && limit - mapped_bytes < size) return false;
    add_run (next, size);
    slabs.insert ({next, size});
    mapped_bytes += size;
    next += round_up (size, slab_size) + slab_size;
    return true;
  }

  bool unmap_if_slab (uintptr_t start, size_t size) {
    auto slab = slabs.find (start);
    if (slab == slabs.end () || slab->second != size) return false;
    slabs.erase (slab);
    mapped_bytes -= size;
    return true;
  }

 public:
  explicit BestFit (size_t max) : limit (max) {}

  size_t mapped () const { return mapped_bytes; }

  uint8_t *take (size_t len) {
    size_t size = round_up (len, granule);
    auto run = by_size.lower_bound ({size, 0});
    if (run == by_size.end ()) {
      if (!map_slab (size)) return nullptr;
      run = by_size.lower_bound ({size, 0});
    }
    auto [found, start] = *run;
    remove_run (start, found);
    if (found > size) add_run (start + size, found - size);
    taken.insert ({start, size});
    return reinterpret_cast<uint8_t *> (start);
  }

  void release (uint8_t *addr) {
    auto block = taken.find (reinterpret_cast<uintptr_t> (addr));
    if (block == taken.end ()) bench_fail ("a block is freed twice");
    uintptr_t start = block->first;
    size_t size = block->second;
    taken.erase (block);
    auto after = by_start.lower_bound (start);
    if (after != by_start.end () && after->first == start + size) {
      size += after->second;
      remove_run (after->first, after->second);
    }
    auto before = by_start.lower_bound (start);
    if (before != by_start.begin () && (--before)->first + before->second == start) {
      start = before->first;
      size += before->second;
      remove_run (before->first, before->second);
    }
    if (!unmap_if_slab (start, size)) add_run (start, size);
  }
};

void *open_limited (size_t bytes) {
  return new BestFit (bytes);
}
void close_store (void *store) {
  delete static_cast<BestFit *> (store);
}
uint8_t *publish (void *hand, const uint8_t *, size_t len) {
  return static_cast<BestFit *> (hand)->take (len);
}
void release (void *hand, uint8_t *addr) {
  static_cast<BestFit *> (hand)->release (addr);
}
size_t mapped (void *store) {
  return static_cast<BestFit *> (store)->mapped ();
}

}  // namespace

extern const way way_best_fit = {"best fit, simulated",
                                 open_limited,
                                 close_store,
                                 nullptr,
                                 nullptr,
                                 publish,
                                 nullptr,
                                 release,
                                 nullptr,
                                 nullptr,
                                 mapped};
