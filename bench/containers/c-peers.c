/* Tables in C: uthash and GLib, which take memory from malloc.  */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"
#include "mir-bytes-hash.h"

static void *block (size_t size) {
  void *result = malloc (size);
  if (result == NULL) abort ();
  return result;
}

/*---------------- uthash -----------------------------*/
static unsigned hash_word (const struct word *word) {
  return mir_bytes_hash (word->chars, word->len);
}

static unsigned hash_key (const void *key, size_t len) {
  return len == sizeof (int) ? (unsigned) hash_of_int (*(const int *) key)
                             : hash_word ((const struct word *) key);
}

static int differ (const void *a, const void *b, size_t len) {
  const struct word *x = (const struct word *) a, *y = (const struct word *) b;
  if (len == sizeof (int)) return *(const int *) a != *(const int *) b;
  return x->len != y->len || memcmp (x->chars, y->chars, x->len) != 0;
}

/* The length tells which kind of key it is.  */
#define HASH_FUNCTION(KEY, LEN, HASH) ((HASH) = hash_key (KEY, LEN))
#define HASH_KEYCMP(A, B, LEN) differ (A, B, LEN)
#include <uthash.h>

struct int_item {
  int key, value;
  UT_hash_handle hh;
};

struct word_item {
  struct word word;
  size_t number;
  UT_hash_handle hh;
};

static void add_item (struct int_item **table, int key) {
  struct int_item *item = (struct int_item *) block (sizeof (*item));
  item->key = item->value = key;
  HASH_ADD_INT (*table, key, item);
}

static void delete_item (struct int_item **table, int key) {
  struct int_item *item;
  HASH_FIND_INT (*table, &key, item);
  if (item == NULL) return;
  HASH_DEL (*table, item);
  free (item);
}

static void *fill_uthash (const int *keys, size_t num) {
  struct int_item **table = (struct int_item **) block (sizeof (*table));
  *table = NULL;
  for (size_t i = 0; i < num; i++) add_item (table, keys[i]);
  return table;
}

static long find_uthash (void *table, const int *keys, size_t num) {
  struct int_item *items = *(struct int_item **) table, *found;
  long sum = 0;
  for (size_t i = 0; i < num; i++) {
    HASH_FIND_INT (items, &keys[i], found);
    if (found != NULL) sum += found->value;
  }
  return sum;
}

static void churn_uthash (void *table, const int *keys, size_t num, size_t live) {
  for (size_t i = 0; i < num; i++) {
    delete_item ((struct int_item **) table, keys[i]);
    add_item ((struct int_item **) table, keys[i + live]);
  }
}

static void erase_uthash (void *table, const int *keys, size_t num) {
  for (size_t i = 0; i < num; i++) delete_item ((struct int_item **) table, keys[i]);
}

static void destroy_uthash (void *table) {
  struct int_item **items = (struct int_item **) table, *item, *next;
  HASH_ITER (hh, *items, item, next) {
    HASH_DEL (*items, item);
    free (item);
  }
  free (items);
}

static int add_word (struct word_item **table, struct word word, size_t number) {
  struct word_item *item;
  HASH_FIND (hh, *table, &word, sizeof (struct word), item);
  if (item != NULL) return 0;
  item = (struct word_item *) block (sizeof (*item));
  item->word = word;
  item->number = number;
  HASH_ADD (hh, *table, word, sizeof (struct word), item);
  return 1;
}

static void *fill_words_uthash (const struct word *words, size_t num) {
  struct word_item **table = (struct word_item **) block (sizeof (*table));
  *table = NULL;
  for (size_t i = 0; i < num; i++) add_word (table, words[i], i + 1);
  return table;
}

static long find_words_uthash (void *table, const struct word *words, size_t num) {
  struct word_item *items = *(struct word_item **) table, *found;
  long sum = 0;
  for (size_t i = 0; i < num; i++) {
    HASH_FIND (hh, items, &words[i], sizeof (struct word), found);
    if (found != NULL) sum += (long) found->number;
  }
  return sum;
}

static void destroy_words_uthash (void *table) {
  struct word_item **items = (struct word_item **) table, *item, *next;
  HASH_ITER (hh, *items, item, next) {
    HASH_DEL (*items, item);
    free (item);
  }
  free (items);
}

static size_t intern_uthash (const struct word *words, size_t num) {
  struct word_item **table = (struct word_item **) fill_words_uthash (words, num);
  size_t different = HASH_COUNT (*table);
  destroy_words_uthash (table);
  return different;
}

const struct table table_uthash = {.name = "uthash",
                                   .fill = fill_uthash,
                                   .find = find_uthash,
                                   .churn = churn_uthash,
                                   .erase = erase_uthash,
                                   .destroy = destroy_uthash,
                                   .fill_words = fill_words_uthash,
                                   .find_words = find_words_uthash,
                                   .destroy_words = destroy_words_uthash,
                                   .intern = intern_uthash};

/*---------------- GLib -------------------------------*/
static guint hash_int_pointer (gconstpointer key) {
  return (guint) hash_of_int (GPOINTER_TO_INT (key));
}

static guint hash_word_pointer (gconstpointer key) {
  return hash_word ((const struct word *) key);
}

static gboolean same_word_pointer (gconstpointer a, gconstpointer b) {
  return !differ (a, b, sizeof (struct word));
}

static void *fill_glib (const int *keys, size_t num) {
  GHashTable *table = g_hash_table_new (hash_int_pointer, NULL);
  for (size_t i = 0; i < num; i++)
    g_hash_table_insert (table, GINT_TO_POINTER (keys[i]), GINT_TO_POINTER (keys[i]));
  return table;
}

static long find_glib (void *table, const int *keys, size_t num) {
  gpointer value;
  long sum = 0;
  for (size_t i = 0; i < num; i++)
    if (g_hash_table_lookup_extended ((GHashTable *) table, GINT_TO_POINTER (keys[i]), NULL,
                                      &value))
      sum += GPOINTER_TO_INT (value);
  return sum;
}

static void churn_glib (void *table, const int *keys, size_t num, size_t live) {
  for (size_t i = 0; i < num; i++) {
    gpointer key = GINT_TO_POINTER (keys[i + live]);
    g_hash_table_remove ((GHashTable *) table, GINT_TO_POINTER (keys[i]));
    g_hash_table_insert ((GHashTable *) table, key, key);
  }
}

static void erase_glib (void *table, const int *keys, size_t num) {
  for (size_t i = 0; i < num; i++)
    g_hash_table_remove ((GHashTable *) table, GINT_TO_POINTER (keys[i]));
}

static void destroy_glib (void *table) {
  g_hash_table_destroy ((GHashTable *) table);
}

static void *fill_words_glib (const struct word *words, size_t num) {
  GHashTable *table = g_hash_table_new (hash_word_pointer, same_word_pointer);
  for (size_t i = 0; i < num; i++)
    if (!g_hash_table_contains (table, &words[i]))
      g_hash_table_insert (table, (gpointer) (uintptr_t) &words[i], GSIZE_TO_POINTER (i + 1));
  return table;
}

static long find_words_glib (void *table, const struct word *words, size_t num) {
  gpointer value;
  long sum = 0;
  for (size_t i = 0; i < num; i++)
    if (g_hash_table_lookup_extended ((GHashTable *) table, &words[i], NULL, &value))
      sum += (long) GPOINTER_TO_SIZE (value);
  return sum;
}

static size_t intern_glib (const struct word *words, size_t num) {
  GHashTable *table = (GHashTable *) fill_words_glib (words, num);
  size_t different = g_hash_table_size (table);
  g_hash_table_destroy (table);
  return different;
}

const struct table table_glib = {.name = "GLib",
                                 .fill = fill_glib,
                                 .find = find_glib,
                                 .churn = churn_glib,
                                 .erase = erase_glib,
                                 .destroy = destroy_glib,
                                 .fill_words = fill_words_glib,
                                 .find_words = find_words_glib,
                                 .destroy_words = destroy_glib,
                                 .intern = intern_glib};
