/* The jobs of tables.h done with HTAB.  Hash and eq are bound to the types if BOUND is defined;
   each of the two files that include this has its own types.  */
#ifndef MIR_BENCH_CONTAINERS_HTAB_JOBS_H
#define MIR_BENCH_CONTAINERS_HTAB_JOBS_H

#include <string.h> /* memcmp */

#include "tables.h"
#include "mir-bytes-hash.h"
#include "mir-htab.h"

typedef struct int_el {
  int key, value;
} int_el;

typedef struct word_el {
  struct word word;
  size_t number;
} word_el;

static inline htab_hash_t hash_int (int_el el, void *arg) {
  (void) arg;
  return (htab_hash_t) hash_of_int (el.key);
}

static inline int same_int (int_el a, int_el b, void *arg) {
  (void) arg;
  return a.key == b.key;
}

static inline htab_hash_t hash_word (word_el el, void *arg) {
  (void) arg;
  return mir_bytes_hash (el.word.chars, el.word.len);
}

static inline int same_word (word_el a, word_el b, void *arg) {
  (void) arg;
  return a.word.len == b.word.len && memcmp (a.word.chars, b.word.chars, a.word.len) == 0;
}

#ifdef BOUND
DEF_HTAB_BOUND (int_el, hash_int, same_int)
DEF_HTAB_BOUND (word_el, hash_word, same_word)
#define NEW_INTS(V) HTAB_CREATE_BOUND (int_el, V, tables_alloc, 0, NULL, NULL)
#define NEW_WORDS(V) HTAB_CREATE_BOUND (word_el, V, tables_alloc, 0, NULL, NULL)
#else
DEF_HTAB (int_el)
DEF_HTAB (word_el)
#define NEW_INTS(V) HTAB_CREATE (int_el, V, tables_alloc, 0, hash_int, same_int, NULL)
#define NEW_WORDS(V) HTAB_CREATE (word_el, V, tables_alloc, 0, hash_word, same_word, NULL)
#endif

static void *fill_htab (const int *keys, size_t num) {
  HTAB (int_el) *table;
  int_el found;
  NEW_INTS (table);
  for (size_t i = 0; i < num; i++) {
    int_el el = {keys[i], keys[i]};
    HTAB_DO (int_el, table, el, HTAB_INSERT, found);
  }
  return table;
}

static long find_htab (void *table, const int *keys, size_t num) {
  HTAB (int_el) *ints = (HTAB (int_el) *) table;
  int_el found;
  long sum = 0;
  for (size_t i = 0; i < num; i++) {
    int_el el = {keys[i], 0};
    if (HTAB_DO (int_el, ints, el, HTAB_FIND, found)) sum += found.value;
  }
  return sum;
}

static void churn_htab (void *table, const int *keys, size_t num, size_t live) {
  HTAB (int_el) *ints = (HTAB (int_el) *) table;
  int_el found;
  for (size_t i = 0; i < num; i++) {
    int_el old = {keys[i], 0}, el = {keys[i + live], keys[i + live]};
    HTAB_DO (int_el, ints, old, HTAB_DELETE, found);
    HTAB_DO (int_el, ints, el, HTAB_INSERT, found);
  }
}

static void erase_htab (void *table, const int *keys, size_t num) {
  HTAB (int_el) *ints = (HTAB (int_el) *) table;
  int_el untouched;
  for (size_t i = 0; i < num; i++) {
    int_el old = {keys[i], 0};
    HTAB_DO (int_el, ints, old, HTAB_DELETE, untouched);
  }
}

static void destroy_htab (void *table) {
  HTAB (int_el) *ints = (HTAB (int_el) *) table;
  HTAB_DESTROY (int_el, ints);
}

static void *fill_words_htab (const struct word *words, size_t num) {
  HTAB (word_el) *table;
  word_el found;
  NEW_WORDS (table);
  for (size_t i = 0; i < num; i++) {
    word_el el = {words[i], i + 1};
    HTAB_DO (word_el, table, el, HTAB_INSERT, found);
  }
  return table;
}

static long find_words_htab (void *table, const struct word *words, size_t num) {
  HTAB (word_el) *known = (HTAB (word_el) *) table;
  word_el found;
  long sum = 0;
  for (size_t i = 0; i < num; i++) {
    word_el el = {words[i], 0};
    if (HTAB_DO (word_el, known, el, HTAB_FIND, found)) sum += (long) found.number;
  }
  return sum;
}

static void destroy_words_htab (void *table) {
  HTAB (word_el) *words = (HTAB (word_el) *) table;
  HTAB_DESTROY (word_el, words);
}

static size_t intern_htab (const struct word *words, size_t num) {
  HTAB (word_el) *table;
  word_el found;
  size_t different;
  NEW_WORDS (table);
  for (size_t i = 0; i < num; i++) {
    word_el el = {words[i], i};
    HTAB_DO (word_el, table, el, HTAB_INSERT, found);
  }
  different = HTAB_ELS_NUM (word_el, table);
  HTAB_DESTROY (word_el, table);
  return different;
}

#define HTAB_JOBS                                                                        \
  .fill = fill_htab, .find = find_htab, .churn = churn_htab, .erase = erase_htab,        \
  .destroy = destroy_htab, .fill_words = fill_words_htab, .find_words = find_words_htab, \
  .destroy_words = destroy_words_htab, .intern = intern_htab

#endif /* MIR_BENCH_CONTAINERS_HTAB_JOBS_H */
