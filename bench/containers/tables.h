/* Hash tables to compare: each does the same jobs, with the same hash, in loops of its own.

   Ints are keys with themselves as value; words are keys whose value is their number.  */
#ifndef BENCH_CONTAINERS_TABLES_H
#define BENCH_CONTAINERS_TABLES_H

#include <stddef.h> /* size_t */
#include <stdint.h> /* uint64_t */

#include "mir-alloc.h"

#ifdef __cplusplus
extern "C" {
#endif

struct word {
  const char *chars; /* not terminated */
  size_t len;
};

struct table {
  const char *name;
  /* A new table of the NUM different KEYS, made without a hint of their number; never NULL.  */
  void *(*fill) (const int *keys, size_t num);
  /* The sum of the values of those of NUM KEYS which are in TABLE.  */
  long (*find) (void *table, const int *keys, size_t num);
  /* Delete KEYS[i] and insert KEYS[i + LIVE], for i below NUM.  */
  void (*churn) (void *table, const int *keys, size_t num, size_t live);
  /* Delete NUM KEYS.  */
  void (*erase) (void *table, const int *keys, size_t num);
  void (*destroy) (void *table);
  /* The same for words; the value of the Ith one is I + 1.  */
  void *(*fill_words) (const struct word *words, size_t num);
  long (*find_words) (void *table, const struct word *words, size_t num);
  void (*destroy_words) (void *table);
  /* How many different ones are among NUM WORDS, by a table made for it.  */
  size_t (*intern) (const struct word *words, size_t num);
};

extern const struct table table_htab, table_htab_bound, table_uthash, table_glib;
extern const struct table table_std, table_absl, table_boost;
extern MIR_alloc_t tables_alloc; /* where a table can be told to take memory from */

static inline uint64_t hash_of_int (int key) {
  uint64_t mixed = (uint64_t) (unsigned) key * 0x9e3779b97f4a7c15u;
  return mixed ^ mixed >> 32;
}

#ifdef __cplusplus
}
#endif

#endif /* BENCH_CONTAINERS_TABLES_H */
