// Maps in C++: std, absl and boost; and std::vector with VARR's allocator.
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstring>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "tables.h"
#include "adapters/mir-std.hpp"
#include "arrays.h"
#include "bench.h"
#include "map-jobs.hpp"

namespace {

template <class... A>
using std_map = std::unordered_map<A...>;
template <class... A>
using std_set = std::unordered_set<A...>;
template <class... A>
using absl_map = absl::flat_hash_map<A...>;
template <class... A>
using absl_set = absl::flat_hash_set<A...>;
template <class... A>
using boost_map = boost::unordered_flat_map<A...>;
template <class... A>
using boost_set = boost::unordered_flat_set<A...>;

std::uint64_t push_get_std (std::size_t num) {
  std::vector<int, mir::allocator<int>> els{mir::allocator<int> (tables_alloc)};
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < num; i++) els.push_back (static_cast<int> (i));
  for (std::size_t i = 0; i < num; i++) sum += static_cast<std::uint64_t> (els[i]);
  return sum;
}

}  // namespace

extern "C" {
void push_ints_std (void) {
  std::vector<int, mir::allocator<int>> els{mir::allocator<int> (tables_alloc)};
  for (int i = 0; i < ARRAY_OPS; i++) els.push_back (i);
  bench_touch (els.data ());
}

void push_texts_std (void) {
  std::vector<char, mir::allocator<char>> chars{mir::allocator<char> (tables_alloc)};
  for (int pass = 0; pass < ARRAY_PASSES; pass++) {
    chars.clear ();
    for (std::size_t i = 0; i < ARRAY_PASS_OPS; i++)
      chars.insert (chars.end (), array_text, array_text + array_piece (i));
  }
  bench_touch (chars.data ());
}

const struct table table_std =
    jobs<std_map, std_set>::named ("std::unordered_map", push_get_std, "std::vector");
const struct table table_absl = jobs<absl_map, absl_set>::named ("absl::flat_hash_map");
const struct table table_boost = jobs<boost_map, boost_set>::named ("boost::unordered_flat_map");
}
