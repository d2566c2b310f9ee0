/* Tables in C: uthash, over tables_alloc, and GLib, which takes memory from malloc.  */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"
#include "mir-bytes-hash.h"

static void unblock (void *ptr) {
  MIR_free (tables_alloc, ptr);
}

static void *block (size_t size) {
  void *result = MIR_malloc (tables_alloc, size);
  if (result == NULL) abort ();
  return result;
}

/*---------------- uthash -----------------------------*/
static unsigned hash_word (const struct word *word) {
  return mir_bytes_hash (word->chars, word->len);
}

static unsigned hash_key (const void *key, size_t len) {
  return len == sizeof (int64_t) ? (unsigned) hash_of_int (*(const int64_t *) key)
                                 : hash_word ((const struct word *) key);
}

static int differ (const void *a, const void *b, size_t len) {
  const struct word *x = (const struct word *) a, *y = (const struct word *) b;
  if (len == sizeof (int64_t)) return *(const int64_t *) a != *(const int64_t *) b;
  return x->len != y->len || memcmp (x->chars, y->chars, x->len) != 0;
}

/* The length tells which kind of key it is.  */
#define HASH_FUNCTION(KEY, LEN, HASH) ((HASH) = hash_key (KEY, LEN))
#define HASH_KEYCMP(A, B, LEN) differ (A, B, LEN)
#define uthash_malloc(SIZE) block (SIZE)
#define uthash_free(PTR, SIZE) unblock (PTR)
#include <uthash.h>

struct int_item {
  int64_t key, value;
  UT_hash_handle hh;
};

struct word_item {
  struct word word;
  size_t number;
  UT_hash_handle hh;
};

static void add_item (struct int_item **table, int64_t key) {
  struct int_item *item = (struct int_item *) block (sizeof (*item));
  item->key = key;
  item->value = value_of_int (key);
  HASH_ADD (hh, *table, key, sizeof (int64_t), item);
}

static struct int_item *find_item (struct int_item *table, const int64_t *key) {
  struct int_item *item;
  HASH_FIND (hh, table, key, sizeof (int64_t), item);
  return item;
}

static void delete_item (struct int_item **table, int64_t key) {
  struct int_item *item = find_item (*table, &key);
  if (item == NULL) return;
  HASH_DEL (*table, item);
  unblock (item);
}

static void *make_uthash (void) {
  struct int_item **table = (struct int_item **) block (sizeof (*table));
  *table = NULL;
  return table;
}

/* HASH_CLEAR, which frees what is about the items, but not the items.  */
static void clear_uthash (void *table) {
  struct int_item **items = (struct int_item **) table, *item = *items, *next;
  HASH_CLEAR (hh, *items);
  for (; item != NULL; item = next) {
    next = (struct int_item *) item->hh.next;
    unblock (item);
  }
}

static void destroy_uthash (void *table) {
  clear_uthash (table);
  unblock (table);
}

static void insert_uthash (void *table, const int64_t *keys, size_t num) {
  for (size_t i = 0; i < num; i++) add_item ((struct int_item **) table, keys[i]);
}

static void *copy_uthash (void *table) {
  struct int_item **copy = (struct int_item **) make_uthash (), *item, *next;
  HASH_ITER (hh, *(struct int_item **) table, item, next) {
    add_item (copy, item->key);
  }
  return copy;
}

static uint64_t find_uthash (void *table, const int64_t *keys, size_t num) {
  uint64_t sum = 0;
  for (size_t i = 0; i < num; i++) {
    struct int_item *found = find_item (*(struct int_item **) table, &keys[i]);
    if (found != NULL) sum += (uint64_t) found->value;
  }
  return sum;
}

static void erase_uthash (void *table, const int64_t *keys, size_t num) {
  for (size_t i = 0; i < num; i++) delete_item ((struct int_item **) table, keys[i]);
}

static void churn_uthash (void *table, const int64_t *keys, size_t num, size_t live) {
  for (size_t i = 0; i < num; i++) {
    delete_item ((struct int_item **) table, keys[i]);
    add_item ((struct int_item **) table, keys[i + live]);
  }
}

static uint64_t sum_uthash (void *table) {
  struct int_item *item, *next;
  uint64_t sum = 0;
  HASH_ITER (hh, *(struct int_item **) table, item, next) {
    sum += (uint64_t) item->value;
  }
  return sum;
}

static uint64_t tiny_uthash (const int64_t *keys, const unsigned char *sizes, size_t num) {
  uint64_t sum = 0;
  for (size_t i = 0; i < num; keys += sizes[i++]) {
    struct int_item **table = (struct int_item **) make_uthash ();
    insert_uthash (table, keys, sizes[i]);
    sum += find_uthash (table, keys, sizes[i]);
    destroy_uthash (table);
  }
  return sum;
}

/* The number of the first word that is equal to WORD; NUMBER if there was none.  */
static size_t add_word (struct word_item **table, struct word word, size_t number) {
  struct word_item *item;
  HASH_FIND (hh, *table, &word, sizeof (struct word), item);
  if (item != NULL) return item->number;
  item = (struct word_item *) block (sizeof (*item));
  item->word = word;
  item->number = number;
  HASH_ADD (hh, *table, word, sizeof (struct word), item);
  return number;
}

static void *fill_words_uthash (const struct word *words, size_t num) {
  struct word_item **table = (struct word_item **) block (sizeof (*table));
  *table = NULL;
  for (size_t i = 0; i < num; i++) add_word (table, words[i], i + 1);
  return table;
}

static uint64_t find_words_uthash (void *table, const struct word *words, size_t num) {
  struct word_item *items = *(struct word_item **) table, *found;
  uint64_t sum = 0;
  for (size_t i = 0; i < num; i++) {
    HASH_FIND (hh, items, &words[i], sizeof (struct word), found);
    if (found != NULL) sum += (uint64_t) found->number;
  }
  return sum;
}

static void destroy_words_uthash (void *table) {
  struct word_item **items = (struct word_item **) table, *item = *items, *next;
  HASH_CLEAR (hh, *items);
  for (; item != NULL; item = next) {
    next = (struct word_item *) item->hh.next;
    unblock (item);
  }
  unblock (table);
}

static uint64_t intern_words_uthash (const struct word *words, size_t num) {
  struct word_item **table = (struct word_item **) block (sizeof (*table));
  uint64_t sum = 0;
  *table = NULL;
  for (size_t i = 0; i < num; i++) sum += (uint64_t) add_word (table, words[i], i);
  destroy_words_uthash (table);
  return sum;
}

/* Its elements have a handle of 56 bytes, so that 8 bytes less make no other table.  */
const struct table table_uthash = {.name = "uthash",
                                   .make = make_uthash,
                                   .destroy = destroy_uthash,
                                   .clear = clear_uthash,
                                   .copy = copy_uthash,
                                   .insert = insert_uthash,
                                   .find = find_uthash,
                                   .erase = erase_uthash,
                                   .churn = churn_uthash,
                                   .sum = sum_uthash,
                                   .tiny = tiny_uthash,
                                   .fill_words = fill_words_uthash,
                                   .find_words = find_words_uthash,
                                   .destroy_words = destroy_words_uthash,
                                   .intern_words = intern_words_uthash};

/*---------------- GLib -------------------------------*/
/* Key and value are pointers: 16 bytes.  */
static gpointer pointer_of (int64_t key) {
  return (gpointer) (intptr_t) key;
}

static guint hash_int_pointer (gconstpointer key) {
  return (guint) hash_of_int ((intptr_t) key);
}

static guint hash_word_pointer (gconstpointer key) {
  return hash_word ((const struct word *) key);
}

static gboolean same_word_pointer (gconstpointer a, gconstpointer b) {
  return !differ (a, b, sizeof (struct word));
}

static void *make_glib (void) {
  return g_hash_table_new (hash_int_pointer, NULL);
}

static void destroy_glib (void *table) {
  g_hash_table_destroy ((GHashTable *) table);
}

static void clear_glib (void *table) {
  g_hash_table_remove_all ((GHashTable *) table);
}

static void insert_key_glib (GHashTable *table, int64_t key) {
  g_hash_table_insert (table, pointer_of (key), pointer_of (value_of_int (key)));
}

static void insert_glib (void *table, const int64_t *keys, size_t num) {
  for (size_t i = 0; i < num; i++) insert_key_glib ((GHashTable *) table, keys[i]);
}

static void *copy_glib (void *table) {
  GHashTable *copy = (GHashTable *) make_glib ();
  GHashTableIter at;
  gpointer key, value;
  g_hash_table_iter_init (&at, (GHashTable *) table);
  while (g_hash_table_iter_next (&at, &key, &value)) g_hash_table_insert (copy, key, value);
  return copy;
}

static uint64_t find_glib (void *table, const int64_t *keys, size_t num) {
  gpointer value;
  uint64_t sum = 0;
  for (size_t i = 0; i < num; i++)
    if (g_hash_table_lookup_extended ((GHashTable *) table, pointer_of (keys[i]), NULL, &value))
      sum += (uint64_t) (intptr_t) value;
  return sum;
}

static void erase_glib (void *table, const int64_t *keys, size_t num) {
  for (size_t i = 0; i < num; i++) g_hash_table_remove ((GHashTable *) table, pointer_of (keys[i]));
}

static void churn_glib (void *table, const int64_t *keys, size_t num, size_t live) {
  for (size_t i = 0; i < num; i++) {
    g_hash_table_remove ((GHashTable *) table, pointer_of (keys[i]));
    insert_key_glib ((GHashTable *) table, keys[i + live]);
  }
}

static uint64_t sum_glib (void *table) {
  GHashTableIter at;
  gpointer key, value;
  uint64_t sum = 0;
  g_hash_table_iter_init (&at, (GHashTable *) table);
  while (g_hash_table_iter_next (&at, &key, &value)) sum += (uint64_t) (intptr_t) value;
  return sum;
}

static void add_value (gpointer key, gpointer value, gpointer sum) {
  (void) key;
  *(uint64_t *) sum += (uint64_t) (intptr_t) value;
}

static uint64_t sum_by_call_glib (void *table) {
  uint64_t sum = 0;
  g_hash_table_foreach ((GHashTable *) table, add_value, &sum);
  return sum;
}

static uint64_t tiny_glib (const int64_t *keys, const unsigned char *sizes, size_t num) {
  uint64_t sum = 0;
  for (size_t i = 0; i < num; keys += sizes[i++]) {
    void *table = make_glib ();
    insert_glib (table, keys, sizes[i]);
    sum += find_glib (table, keys, sizes[i]);
    destroy_glib (table);
  }
  return sum;
}

/* The value of WORD, which is NUMBER if no equal one is in TABLE.  */
static size_t number_of_word (GHashTable *table, const struct word *word, size_t number) {
  gpointer value;
  if (g_hash_table_lookup_extended (table, word, NULL, &value)) return GPOINTER_TO_SIZE (value);
  g_hash_table_insert (table, (gpointer) (uintptr_t) word, GSIZE_TO_POINTER (number));
  return number;
}

static void *fill_words_glib (const struct word *words, size_t num) {
  GHashTable *table = g_hash_table_new (hash_word_pointer, same_word_pointer);
  for (size_t i = 0; i < num; i++) number_of_word (table, &words[i], i + 1);
  return table;
}

static uint64_t find_words_glib (void *table, const struct word *words, size_t num) {
  gpointer value;
  uint64_t sum = 0;
  for (size_t i = 0; i < num; i++)
    if (g_hash_table_lookup_extended ((GHashTable *) table, &words[i], NULL, &value))
      sum += (uint64_t) GPOINTER_TO_SIZE (value);
  return sum;
}

static uint64_t intern_packed_glib (const struct word *words, size_t num) {
  GHashTable *table = g_hash_table_new (hash_word_pointer, same_word_pointer);
  uint64_t sum = 0;
  for (size_t i = 0; i < num; i++) sum += (uint64_t) number_of_word (table, &words[i], i);
  g_hash_table_destroy (table);
  return sum;
}

static uint64_t push_get_glib (size_t num) {
  GArray *array = g_array_new (FALSE, FALSE, sizeof (int));
  uint64_t sum = 0;
  for (size_t i = 0; i < num; i++) {
    int el = (int) i;
    g_array_append_val (array, el);
  }
  for (size_t i = 0; i < num; i++) sum += (uint64_t) g_array_index (array, int, i);
  g_array_free (array, TRUE);
  return sum;
}

/* Words are elements of 16 bytes here too: a pointer to the word, and the number.  */
const struct table table_glib = {.name = "GLib",
                                 .make = make_glib,
                                 .destroy = destroy_glib,
                                 .clear = clear_glib,
                                 .copy = copy_glib,
                                 .insert = insert_glib,
                                 .find = find_glib,
                                 .erase = erase_glib,
                                 .churn = churn_glib,
                                 .sum = sum_glib,
                                 .sum_by_call = sum_by_call_glib,
                                 .tiny = tiny_glib,
                                 .fill_words = fill_words_glib,
                                 .find_words = find_words_glib,
                                 .destroy_words = destroy_glib,
                                 .intern_packed = intern_packed_glib,
                                 .push_get = push_get_glib,
                                 .array_name = "GArray"};
