/* The jobs of tables.h done with HTAB.  Hash and eq are bound to the types if BOUND is defined;
   each of the files that include this has its own types.  All of it also compiles with MIR's own
   headers.  */
#ifndef MIR_BENCH_CONTAINERS_HTAB_JOBS_H
#define MIR_BENCH_CONTAINERS_HTAB_JOBS_H

#include <assert.h> /* MIR's headers do not include what they use */
#include <stdio.h>
#include <stdlib.h>
#include <string.h> /* memcmp */

#include "tables.h"
#include "mir-bytes-hash.h"
#include "mir-htab.h"

typedef struct int_el {
  int64_t key, value;
} int_el;

typedef struct word_el {
  struct word word;
  size_t number;
} word_el;

typedef struct packed_el {
  const char *chars;
  uint32_t len, number;
} packed_el;

/* What a user of each would write: MIR's own headers have neither HTAB_EACH nor mir_bytes_equal.  */
#ifdef HTAB_EACH
#define SAME_BYTES(A, B, LEN) mir_bytes_equal (A, B, LEN)
#else
#define SAME_BYTES(A, B, LEN) (memcmp (A, B, LEN) == 0)
#endif

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
  return a.word.len == b.word.len && SAME_BYTES (a.word.chars, b.word.chars, a.word.len);
}

static inline htab_hash_t hash_packed (packed_el el, void *arg) {
  (void) arg;
  return mir_bytes_hash (el.chars, el.len);
}

static inline int same_packed (packed_el a, packed_el b, void *arg) {
  (void) arg;
  return a.len == b.len && SAME_BYTES (a.chars, b.chars, a.len);
}

#ifdef BOUND
DEF_HTAB_BOUND (int_el, hash_int, same_int)
DEF_HTAB_BOUND (word_el, hash_word, same_word)
DEF_HTAB_BOUND (packed_el, hash_packed, same_packed)
#define NEW_INTS(V) HTAB_CREATE_BOUND (int_el, V, tables_alloc, 0, NULL, NULL)
#define NEW_WORDS(V) HTAB_CREATE_BOUND (word_el, V, tables_alloc, 0, NULL, NULL)
#define NEW_PACKED(V) HTAB_CREATE_BOUND (packed_el, V, tables_alloc, 0, NULL, NULL)
#else
DEF_HTAB (int_el)
DEF_HTAB (word_el)
DEF_HTAB (packed_el)
#define NEW_INTS(V) HTAB_CREATE (int_el, V, tables_alloc, 0, hash_int, same_int, NULL)
#define NEW_WORDS(V) HTAB_CREATE (word_el, V, tables_alloc, 0, hash_word, same_word, NULL)
#define NEW_PACKED(V) HTAB_CREATE (packed_el, V, tables_alloc, 0, hash_packed, same_packed, NULL)
#endif

/*---------------- Ints -----------------------------*/
static void *make_htab (void) {
  HTAB (int_el) *table;
  NEW_INTS (table);
  return table;
}

static void destroy_htab (void *table) {
  HTAB (int_el) *ints = (HTAB (int_el) *) table;
  HTAB_DESTROY (int_el, ints);
}

static void clear_htab (void *table) {
  HTAB (int_el) *ints = (HTAB (int_el) *) table;
  HTAB_CLEAR (int_el, ints);
}

static void insert_htab (void *table, const int64_t *keys, size_t num) {
  HTAB (int_el) *ints = (HTAB (int_el) *) table;
  int_el found;
  for (size_t i = 0; i < num; i++) {
    int_el el = {keys[i], value_of_int (keys[i])};
    HTAB_DO (int_el, ints, el, HTAB_INSERT, found);
  }
}

static uint64_t find_htab (void *table, const int64_t *keys, size_t num) {
  HTAB (int_el) *ints = (HTAB (int_el) *) table;
  int_el found;
  uint64_t sum = 0;
  for (size_t i = 0; i < num; i++) {
    int_el el = {keys[i], 0};
    if (HTAB_DO (int_el, ints, el, HTAB_FIND, found)) sum += (uint64_t) found.value;
  }
  return sum;
}

static void erase_htab (void *table, const int64_t *keys, size_t num) {
  HTAB (int_el) *ints = (HTAB (int_el) *) table;
  int_el untouched;
  for (size_t i = 0; i < num; i++) {
    int_el old = {keys[i], 0};
    HTAB_DO (int_el, ints, old, HTAB_DELETE, untouched);
  }
}

static void churn_htab (void *table, const int64_t *keys, size_t num, size_t live) {
  HTAB (int_el) *ints = (HTAB (int_el) *) table;
  int_el found;
  for (size_t i = 0; i < num; i++) {
    int_el old = {keys[i], 0}, el = {keys[i + live], value_of_int (keys[i + live])};
    HTAB_DO (int_el, ints, old, HTAB_DELETE, found);
    HTAB_DO (int_el, ints, el, HTAB_INSERT, found);
  }
}

static void add_value (int_el el, void *arg) {
  *(uint64_t *) arg += (uint64_t) el.value;
}

static uint64_t sum_by_call_htab (void *table) {
  HTAB (int_el) *ints = (HTAB (int_el) *) table;
  uint64_t sum = 0;
  HTAB_FOREACH_ELEM (int_el, ints, add_value, &sum);
  return sum;
}

#ifdef HTAB_EACH
static uint64_t sum_htab (void *table) {
  HTAB (int_el) *ints = (HTAB (int_el) *) table;
  int_el *el;
  htab_size_t i;
  uint64_t sum = 0;
  HTAB_EACH (int_el, ints, i, el) sum += (uint64_t) el->value;
  return sum;
}
#else
#define sum_htab sum_by_call_htab
#endif

#ifdef HTAB_COPY
static void *copy_htab (void *table) {
  HTAB (int_el) *copy;
  HTAB_COPY (int_el, copy, tables_alloc, (HTAB (int_el) *) table, NULL, NULL);
  return copy;
}
#else
static void add_el (int_el el, void *arg) {
  HTAB_DO (int_el, (HTAB (int_el) *) arg, el, HTAB_INSERT, el);
}

static void *copy_htab (void *table) {
  void *copy = make_htab ();
  HTAB_FOREACH_ELEM (int_el, (HTAB (int_el) *) table, add_el, copy);
  return copy;
}
#endif

static uint64_t tiny_htab (const int64_t *keys, const unsigned char *sizes, size_t num) {
  int_el found;
  uint64_t sum = 0;
  for (size_t i = 0; i < num; keys += sizes[i++]) {
    HTAB (int_el) *table;
    NEW_INTS (table);
    for (size_t j = 0; j < sizes[i]; j++) {
      int_el el = {keys[j], value_of_int (keys[j])};
      HTAB_DO (int_el, table, el, HTAB_INSERT, found);
    }
    for (size_t j = 0; j < sizes[i]; j++) {
      int_el el = {keys[j], 0};
      if (HTAB_DO (int_el, table, el, HTAB_FIND, found)) sum += (uint64_t) found.value;
    }
    HTAB_DESTROY (int_el, table);
  }
  return sum;
}

/*---------------- Words -----------------------------*/
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

static uint64_t find_words_htab (void *table, const struct word *words, size_t num) {
  HTAB (word_el) *known = (HTAB (word_el) *) table;
  word_el found;
  uint64_t sum = 0;
  for (size_t i = 0; i < num; i++) {
    word_el el = {words[i], 0};
    if (HTAB_DO (word_el, known, el, HTAB_FIND, found)) sum += (uint64_t) found.number;
  }
  return sum;
}

static void destroy_words_htab (void *table) {
  HTAB (word_el) *words = (HTAB (word_el) *) table;
  HTAB_DESTROY (word_el, words);
}

static uint64_t intern_words_htab (const struct word *words, size_t num) {
  HTAB (word_el) *table;
  word_el found = {{NULL, 0}, 0};
  uint64_t sum = 0;
  NEW_WORDS (table);
  for (size_t i = 0; i < num; i++) {
    word_el el = {words[i], i};
    HTAB_DO (word_el, table, el, HTAB_INSERT, found);
    sum += (uint64_t) found.number;
  }
  HTAB_DESTROY (word_el, table);
  return sum;
}

static uint64_t intern_packed_htab (const struct word *words, size_t num) {
  HTAB (packed_el) *table;
  packed_el found = {NULL, 0, 0};
  uint64_t sum = 0;
  NEW_PACKED (table);
  for (size_t i = 0; i < num; i++) {
    packed_el el = {words[i].chars, (uint32_t) words[i].len, (uint32_t) i};
    HTAB_DO (packed_el, table, el, HTAB_INSERT, found);
    sum += (uint64_t) found.number;
  }
  HTAB_DESTROY (packed_el, table);
  return sum;
}

/*---------------- Arrays -----------------------------*/
DEF_VARR (int)

static uint64_t push_get_varr (size_t num) {
  VARR (int) *els;
  uint64_t sum = 0;
  VARR_CREATE (int, els, tables_alloc, 0);
  for (size_t i = 0; i < num; i++) VARR_PUSH (int, els, (int) i);
  for (size_t i = 0; i < num; i++) sum += (uint64_t) VARR_GET (int, els, i);
  VARR_DESTROY (int, els);
  return sum;
}

#define HTAB_JOBS                                                                     \
  .make = make_htab, .destroy = destroy_htab, .clear = clear_htab, .copy = copy_htab, \
  .insert = insert_htab, .find = find_htab, .erase = erase_htab, .churn = churn_htab, \
  .sum = sum_htab, .sum_by_call = sum_by_call_htab, .tiny = tiny_htab,                \
  .fill_words = fill_words_htab, .find_words = find_words_htab,                       \
  .destroy_words = destroy_words_htab, .intern_words = intern_words_htab,             \
  .intern_packed = intern_packed_htab, .push_get = push_get_varr

#endif /* MIR_BENCH_CONTAINERS_HTAB_JOBS_H */
