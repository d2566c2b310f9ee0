/* VARR against an array grown by hand on the same allocator, HTAB against the tables which Debian
   ships.  */
#include "bench.h"
#include "mir.h"
#include "mir-varr.h"

#include "containers/tables.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPS = 100000, QUERIES = 1 << 17, MOST = 100000 };

/*---------------- Arrays -----------------------------*/
DEF_VARR (int)
DEF_VARR (char)

static void push_by_hand (void) {
  size_t size = 64, num = 0;
  int *els = (int *) MIR_malloc (tables_alloc, size * sizeof (int));
  for (int i = 0; i < OPS; i++) {
    if (num == size) {
      els = (int *) MIR_realloc (tables_alloc, els, size * sizeof (int), 2 * size * sizeof (int));
      size *= 2;
    }
    els[num++] = i;
  }
  bench_touch (els);
  MIR_free (tables_alloc, els);
}

static void push_varr (void) {
  VARR (int) *els;
  VARR_CREATE (int, els, tables_alloc, 0);
  for (int i = 0; i < OPS; i++) VARR_PUSH (int, els, i);
  bench_touch (VARR_ADDR (int, els));
  VARR_DESTROY (int, els);
}

static void push_words_one_by_one (void) {
  static const char text[] = "the words of which a program consists ";
  VARR (char) *chars;
  VARR_CREATE (char, chars, tables_alloc, 0);
  for (size_t i = 0; i < OPS; i++)
    for (size_t j = 0, len = 1 + i * 7 % 16; j < len; j++) VARR_PUSH (char, chars, text[j]);
  bench_touch (VARR_ADDR (char, chars));
  VARR_DESTROY (char, chars);
}

static void push_words_as_arrays (void) {
  static const char text[] = "the words of which a program consists ";
  VARR (char) *chars;
  VARR_CREATE (char, chars, tables_alloc, 0);
  for (size_t i = 0; i < OPS; i++) VARR_PUSH_ARR (char, chars, text, 1 + i * 7 % 16);
  bench_touch (VARR_ADDR (char, chars));
  VARR_DESTROY (char, chars);
}

/*---------------- Tables -----------------------------*/
static int keys[2 * MOST], hits[QUERIES], misses[QUERIES], shuffled[MOST];
static struct word *words;
static size_t words_num, size; /* of the tables of this subject */
static void *filled;

static const struct table *side (void) {
  return (const struct table *) bench_running->arg;
}

/* Odd numbers are never keys.  */
static void choose_keys (void) {
  uint64_t random = 0x853c49e6748fea9b;
  for (size_t i = 0; i < 2 * MOST; i++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    keys[i] = (int) (((random >> 40) * 2 * MOST + i) & 0x3fffffff) * 2;
  }
  for (size_t i = 0; i < QUERIES; i++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    hits[i] = keys[(random >> 33) % size];
    misses[i] = (int) (random >> 33) | 1;
  }
  for (size_t i = 0; i < size; i++) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    size_t j = (random >> 33) % (i + 1);
    shuffled[i] = shuffled[j];
    shuffled[j] = keys[i];
  }
}

static void fill (void) {
  filled = side ()->fill (keys, size);
}

static void destroy (void) {
  side ()->destroy (filled);
}

static void make_tables (void) {
  for (size_t done = 0; done < bench_running_ops; done += size)
    side ()->destroy (side ()->fill (keys, size));
}

static void find_hits (void) {
  long sum = side ()->find (filled, hits, QUERIES);
  if (sum == 0) bench_fail ("finds nothing");
}

static void find_misses (void) {
  if (side ()->find (filled, misses, QUERIES) != 0) bench_fail ("finds what is not there");
}

static void churn (void) {
  side ()->churn (filled, keys, MOST, size);
}

static void erase (void) {
  side ()->erase (filled, shuffled, size);
}

static void intern (void) {
  static size_t different;
  size_t found = side ()->intern (words, words_num);
  if (different == 0) different = found;
  if (found != different) bench_fail ("finds another number of words");
}

/* The words of sources of this library, as often as they stand there, as a compiler meets them.  */
static void read_words (void) {
  static const char *const names[] = BENCH_SOURCES;
  size_t max = 0;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    FILE *file = fopen (names[i], "rb");
    long length = -1;
    if (file == NULL || fseek (file, 0, SEEK_END) != 0 || (length = ftell (file)) < 0)
      bench_fail (names[i]);
    rewind (file);
    char *text = (char *) calloc ((size_t) length + 1, 1);
    if (text == NULL || fread (text, 1, (size_t) length, file) != (size_t) length)
      bench_fail (names[i]);
    fclose (file);
    for (char *p = text; *p != '\0'; p++) {
      char *begin = p;
      while (isalnum ((unsigned char) *p) || *p == '_') p++;
      if (p == begin) continue;
      if (words_num == max) {
        max = 2 * max + 1000;
        words = (struct word *) realloc (words, max * sizeof (*words));
        if (words == NULL) bench_fail ("no memory");
      }
      words[words_num].chars = begin;
      words[words_num++].len = (size_t) (p - begin);
      if (*p == '\0') break;
    }
  }
}

static void compare (const char *what, size_t table_size, size_t ops, void (*run) (void),
                     void (*prepare) (void), void (*finish) (void)) {
  static const struct table *const tables[] = {&table_uthash,    &table_glib,  &table_std,
                                               &table_absl,      &table_boost, &table_htab,
                                               &table_htab_bound};
  enum { TABLES = sizeof tables / sizeof tables[0] };
  struct bench_side sides[TABLES + 1];
  char subject[100];
  memset (sides, 0, sizeof sides);
  for (size_t i = 0; i < TABLES; i++) {
    sides[i].name = tables[i]->name;
    sides[i].arg = (void *) (uintptr_t) tables[i];
    sides[i].run = run;
    sides[i].prepare = prepare;
    sides[i].finish = finish;
  }
  snprintf (subject, sizeof subject, "containers: %s, %zu", what, table_size);
  size = table_size;
  if (run != intern) choose_keys ();
  bench_compare (subject, ops, sides);
}

int main (int argc, char **argv) {
  static const struct bench_side push[] = {{.name = "array grown by hand", .run = push_by_hand},
                                           {.name = "VARR", .run = push_varr},
                                           {.name = NULL}};
  static const struct bench_side push_arr[] = {
      {.name = "VARR_PUSH of each byte", .run = push_words_one_by_one},
      {.name = "VARR_PUSH_ARR", .run = push_words_as_arrays},
      {.name = NULL}};
  static const size_t sizes[] = {10, 100, 1000, 30000, MOST};
  MIR_context_t ctx = MIR_init ();
  if (ctx == NULL) return 1;
  tables_alloc = MIR_get_alloc (ctx);
  bench_start (argc, argv);
  bench_compare ("containers: push an int", OPS, push);
  bench_compare ("containers: push 8.5 bytes", OPS, push_arr);
  read_words ();
  compare ("intern the words of sources", words_num, words_num, intern, NULL, NULL);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    size_t n = sizes[i];
    compare ("make a table of ints", n, (OPS + n - 1) / n * n, make_tables, NULL, NULL);
    compare ("find an int that is there", n, QUERIES, find_hits, fill, destroy);
    compare ("find an int that is not there", n, QUERIES, find_misses, fill, destroy);
    if (n >= 1000) compare ("erase in random order", n, n, erase, fill, destroy);
    if (n >= 100) compare ("delete the oldest, insert one", n, MOST, churn, fill, destroy);
  }
  MIR_finish (ctx);
  return 0;
}
