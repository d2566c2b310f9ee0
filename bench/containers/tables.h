/* Hash tables to compare: each does the same jobs with the same hash, in its own loops.

   An int has 64 bits and its value too: elements of 16 bytes.  The value of a word
   is its number: elements of 24 bytes.  A packed word has 32 bits for its length and 32 for its
   number: elements of 16 bytes.  */
#ifndef MIR_BENCH_CONTAINERS_TABLES_H
#define MIR_BENCH_CONTAINERS_TABLES_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* int64_t, uint32_t, uint64_t */

#include "mir-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

struct word {
  const char *chars; /* not terminated */
  size_t len;
};

/* NULL: the library has nothing of the kind, or nothing else than what another member does.  */
struct table {
  const char *name;
  /* Make a table of ints, without a hint of their number; never NULL.  */
  void *(*make) (void);
  void (*destroy) (void *table);
  /* Remove all elements.  */
  void (*clear) (void *table);
  /* A copy of TABLE, by the table's own function where it has one.  */
  void *(*copy) (void *table);
  /* Insert NUM different KEYS, none of which is in TABLE.  */
  void (*insert) (void *table, const int64_t *keys, size_t num);
  /* The sum of the values of those of NUM KEYS that are in TABLE.  */
  uint64_t (*find) (void *table, const int64_t *keys, size_t num);
  /* Delete NUM KEYS.  */
  void (*erase) (void *table, const int64_t *keys, size_t num);
  /* Delete KEYS[i] and insert KEYS[i + LIVE], for i below NUM.  */
  void (*churn) (void *table, const int64_t *keys, size_t num, size_t live);
  /* The sum of all values, from a loop over the elements; from a function that the table calls for
     each of them.  */
  uint64_t (*sum) (void *table);
  uint64_t (*sum_by_call) (void *table);
  /* Make NUM tables one after the other: insert SIZES[I] of KEYS, find them, destroy the table.  The
     sum of what was found.  */
  uint64_t (*tiny) (const int64_t *keys, const unsigned char *sizes, size_t num);
  /* A table of words; the value of the Ith one is I + 1, that of an equal one the first one's.  */
  void *(*fill_words) (const struct word *words, size_t num);
  uint64_t (*find_words) (void *table, const struct word *words, size_t num);
  void (*destroy_words) (void *table);
  /* Insert NUM WORDS, many of them equal, into a new table: the sum of the numbers found.  */
  uint64_t (*intern_words) (const struct word *words, size_t num);
  /* The same with packed words.  */
  uint64_t (*intern_packed) (const struct word *words, size_t num);
  /* The array of the same library, if it has one: push NUM ints to a new one, get them, destroy it.
     The sum of what was got.  */
  uint64_t (*push_get) (size_t num);
  const char *array_name; /* NULL: it has none, or another table has the same */
};

/* HTAB with hash and eq called through pointers; with these bound to the types; without SIMD.
   MIR's own is there if the build has its headers.  */
extern const struct table table_htab, table_htab_bound, table_htab_plain, table_stock;
extern const struct table table_uthash, table_glib, table_std, table_absl, table_boost;

extern MIR_alloc_t tables_alloc; /* for all but GLib */

static inline uint64_t hash_of_int (int64_t key) {
  uint64_t mixed = (uint64_t) key * 0x9e3779b97f4a7c15u;
  return mixed ^ mixed >> 32;
}

/* Not the key: GLib stores no values if they are equal to the keys.  */
static inline int64_t value_of_int (int64_t key) {
  return key + 3;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_BENCH_CONTAINERS_TABLES_H */
