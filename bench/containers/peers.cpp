// Maps in C++: std, absl and boost, which take memory from operator new; and std::vector with
// VARR's allocator.
#include <absl/container/flat_hash_map.h>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "tables.h"
#include "adapters/mir-std.hpp"
#include "arrays.h"
#include "bench.h"
#include "mir-bytes-hash.h"

namespace {

struct hash_int {
  std::size_t operator() (int key) const { return hash_of_int (key); }
};

// absl and boost use all 64 bits of a hash, so the 32 bits are doubled.
struct hash_word {
  std::size_t operator() (const word &w) const {
    std::uint64_t hash = mir_bytes_hash (w.chars, w.len);
    return hash | hash << 32;
  }
};

struct same_word {
  bool operator() (const word &a, const word &b) const {
    return a.len == b.len && std::memcmp (a.chars, b.chars, a.len) == 0;
  }
};

template <template <class...> class Map>
struct jobs {
  using ints = Map<int, int, hash_int, std::equal_to<int>>;
  using words_map = Map<word, std::size_t, hash_word, same_word>;

  static void *fill (const int *keys, std::size_t num) {
    ints *table = new ints;
    for (std::size_t i = 0; i < num; i++) table->emplace (keys[i], keys[i]);
    return table;
  }
  static long find (void *table, const int *keys, std::size_t num) {
    ints *t = static_cast<ints *> (table);
    long sum = 0;
    for (std::size_t i = 0; i < num; i++) {
      auto found = t->find (keys[i]);
      if (found != t->end ()) sum += found->second;
    }
    return sum;
  }
  static void churn (void *table, const int *keys, std::size_t num, std::size_t live) {
    ints *t = static_cast<ints *> (table);
    for (std::size_t i = 0; i < num; i++) {
      t->erase (keys[i]);
      t->emplace (keys[i + live], keys[i + live]);
    }
  }
  static void erase (void *table, const int *keys, std::size_t num) {
    ints *t = static_cast<ints *> (table);
    for (std::size_t i = 0; i < num; i++) t->erase (keys[i]);
  }
  static void destroy (void *table) { delete static_cast<ints *> (table); }
  static void *fill_words (const word *words, std::size_t num) {
    words_map *table = new words_map;
    for (std::size_t i = 0; i < num; i++) table->emplace (words[i], i + 1);
    return table;
  }
  static long find_words (void *table, const word *words, std::size_t num) {
    words_map *t = static_cast<words_map *> (table);
    long sum = 0;
    for (std::size_t i = 0; i < num; i++) {
      auto found = t->find (words[i]);
      if (found != t->end ()) sum += static_cast<long> (found->second);
    }
    return sum;
  }
  static void destroy_words (void *table) { delete static_cast<words_map *> (table); }
  static std::size_t intern (const word *words, std::size_t num) {
    words_map table;
    for (std::size_t i = 0; i < num; i++) table.emplace (words[i], i);
    return table.size ();
  }
  static constexpr struct table named (const char *name) {
    return {name, fill, find, churn, erase, destroy, fill_words, find_words, destroy_words, intern};
  }
};

template <class... A>
using std_map = std::unordered_map<A...>;
template <class... A>
using absl_map = absl::flat_hash_map<A...>;
template <class... A>
using boost_map = boost::unordered_flat_map<A...>;

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

const struct table table_std = jobs<std_map>::named ("std::unordered_map");
const struct table table_absl = jobs<absl_map>::named ("absl::flat_hash_map");
const struct table table_boost = jobs<boost_map>::named ("boost::unordered_flat_map");
}
