/* Hash tables to compare: each does the same jobs with the same hash, in its own loops.

   The value of an int is the int itself; the value of a word is its number.  */
#ifndef MIR_BENCH_CONTAINERS_TABLES_H
#define MIR_BENCH_CONTAINERS_TABLES_H

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
  /* Make a table of NUM different KEYS, without a hint of their number; never NULL.  */
  void *(*fill) (const int *keys, size_t num);
  /* The sum of the values of those of NUM KEYS that are in TABLE.  */
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
  /* Count the different words among NUM WORDS with a new table.  */
  size_t (*intern) (const struct word *words, size_t num);
};

extern const struct table table_htab, table_htab_bound, table_uthash, table_glib;
extern const struct table table_std, table_absl, table_boost;
extern MIR_alloc_t tables_alloc; /* for the tables that can use it */

static inline uint64_t hash_of_int (int key) {
  uint64_t mixed = (uint64_t) (unsigned) key * 0x9e3779b97f4a7c15u;
  return mixed ^ mixed >> 32;
}

#ifdef __cplusplus
}
#endif

#endif /* MIR_BENCH_CONTAINERS_TABLES_H */
