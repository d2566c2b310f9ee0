// The jobs of tables.h done with a map and a set of C++ that have the interface of std's.
#ifndef MIR_BENCH_CONTAINERS_MAP_JOBS_HPP
#define MIR_BENCH_CONTAINERS_MAP_JOBS_HPP

#include <cstring>
#include <functional>
#include <new>
#include <utility>

#include "tables.h"
#include "mir-bytes-hash.h"

namespace {

// is_avalanching: boost need not mix these hashes once more.
struct hash_int {
  using is_avalanching = void;
  std::size_t operator() (std::int64_t key) const { return hash_of_int (key); }
};

// absl and boost use all 64 bits of a hash, so the 32 bits are doubled.
std::size_t hash_bytes (const char *chars, std::size_t len) {
  std::uint64_t hash = mir_bytes_hash (chars, len);
  return hash | hash << 32;
}

struct hash_word {
  using is_avalanching = void;
  std::size_t operator() (const word &w) const { return hash_bytes (w.chars, w.len); }
};

struct same_word {
  bool operator() (const word &a, const word &b) const {
    return a.len == b.len && std::memcmp (a.chars, b.chars, a.len) == 0;
  }
};

// 16 bytes, so an element of a set and not of a map.
struct packed_word {
  const char *chars;
  std::uint32_t len, number;
};

struct hash_packed {
  using is_avalanching = void;
  std::size_t operator() (const packed_word &n) const { return hash_bytes (n.chars, n.len); }
};

struct same_packed {
  bool operator() (const packed_word &a, const packed_word &b) const {
    return a.len == b.len && std::memcmp (a.chars, b.chars, a.len) == 0;
  }
};

// tables_alloc as it is at the time of each call, so without a state.
template <class T>
struct table_allocator {
  using value_type = T;
  table_allocator () = default;
  template <class U>
  table_allocator (const table_allocator<U> &) {}
  T *allocate (std::size_t num) {
    void *res = MIR_malloc (tables_alloc, num * sizeof (T));
    if (res == nullptr) throw std::bad_alloc ();
    return static_cast<T *> (res);
  }
  void deallocate (T *ptr, std::size_t) { MIR_free (tables_alloc, ptr); }
  friend bool operator== (const table_allocator &, const table_allocator &) { return true; }
  friend bool operator!= (const table_allocator &, const table_allocator &) { return false; }
};

template <template <class...> class Map, template <class...> class Set>
struct jobs {
  using ints = Map<std::int64_t, std::int64_t, hash_int, std::equal_to<std::int64_t>,
                   table_allocator<std::pair<const std::int64_t, std::int64_t>>>;
  using words_map = Map<word, std::size_t, hash_word, same_word,
                        table_allocator<std::pair<const word, std::size_t>>>;
  using packed_set = Set<packed_word, hash_packed, same_packed, table_allocator<packed_word>>;

  template <class T, class... Args>
  static T *created (Args &...args) {
    return new (table_allocator<T> ().allocate (1)) T (args...);
  }
  template <class T>
  static void destroyed (void *table) {
    T *t = static_cast<T *> (table);
    t->~T ();
    table_allocator<T> ().deallocate (t, 1);
  }

  static ints &ints_of (void *table) { return *static_cast<ints *> (table); }
  static void *make () { return created<ints> (); }
  static void destroy (void *table) { destroyed<ints> (table); }
  static void clear (void *table) { ints_of (table).clear (); }
  static void *copy (void *table) { return created<ints> (ints_of (table)); }
  static void insert (void *table, const std::int64_t *keys, std::size_t num) {
    ints &t = ints_of (table);
    for (std::size_t i = 0; i < num; i++) t.emplace (keys[i], value_of_int (keys[i]));
  }
  static std::uint64_t find (void *table, const std::int64_t *keys, std::size_t num) {
    ints &t = ints_of (table);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < num; i++) {
      auto found = t.find (keys[i]);
      if (found != t.end ()) sum += static_cast<std::uint64_t> (found->second);
    }
    return sum;
  }
  static void erase (void *table, const std::int64_t *keys, std::size_t num) {
    ints &t = ints_of (table);
    for (std::size_t i = 0; i < num; i++) t.erase (keys[i]);
  }
  static void churn (void *table, const std::int64_t *keys, std::size_t num, std::size_t live) {
    ints &t = ints_of (table);
    for (std::size_t i = 0; i < num; i++) {
      t.erase (keys[i]);
      t.emplace (keys[i + live], value_of_int (keys[i + live]));
    }
  }
  static std::uint64_t sum (void *table) {
    std::uint64_t res = 0;
    for (const auto &el : ints_of (table)) res += static_cast<std::uint64_t> (el.second);
    return res;
  }
  static std::uint64_t tiny (const std::int64_t *keys, const unsigned char *sizes,
                             std::size_t num) {
    std::uint64_t res = 0;
    for (std::size_t i = 0; i < num; keys += sizes[i++]) {
      ints table;
      for (std::size_t j = 0; j < sizes[i]; j++) table.emplace (keys[j], value_of_int (keys[j]));
      for (std::size_t j = 0; j < sizes[i]; j++) {
        auto found = table.find (keys[j]);
        if (found != table.end ()) res += static_cast<std::uint64_t> (found->second);
      }
    }
    return res;
  }
  static void *fill_words (const word *words, std::size_t num) {
    words_map *table = created<words_map> ();
    for (std::size_t i = 0; i < num; i++) table->emplace (words[i], i + 1);
    return table;
  }
  static std::uint64_t find_words (void *table, const word *words, std::size_t num) {
    words_map &t = *static_cast<words_map *> (table);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < num; i++) {
      auto found = t.find (words[i]);
      if (found != t.end ()) sum += static_cast<std::uint64_t> (found->second);
    }
    return sum;
  }
  static void destroy_words (void *table) { destroyed<words_map> (table); }
  static std::uint64_t intern_words (const word *words, std::size_t num) {
    words_map table;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < num; i++)
      sum += static_cast<std::uint64_t> (table.emplace (words[i], i).first->second);
    return sum;
  }
  static std::uint64_t intern_packed (const word *words, std::size_t num) {
    packed_set table;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < num; i++) {
      packed_word w = {words[i].chars, static_cast<std::uint32_t> (words[i].len),
                       static_cast<std::uint32_t> (i)};
      sum += static_cast<std::uint64_t> (table.insert (w).first->number);
    }
    return sum;
  }
  static constexpr table named (const char *its_name,
                                std::uint64_t (*push_get) (std::size_t num) = nullptr,
                                const char *array_name = nullptr) {
    return {its_name,      make,         destroy,       clear,    copy,      insert,     find,
            erase,         churn,        sum,           nullptr,  tiny,      fill_words, find_words,
            destroy_words, intern_words, intern_packed, push_get, array_name};
  }
};

}  // namespace

#endif  // MIR_BENCH_CONTAINERS_MAP_JOBS_HPP
