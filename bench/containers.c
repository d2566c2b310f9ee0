/* Times VARR and HTAB against the arrays and tables in Debian.  */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "mir.h"
#include "containers/arrays.h"
#include "containers/tables.h"

enum { OPS = 100000, QUERIES = 1 << 17, MOST = 100000, NAME_MAX_LEN = 22 };

/*---------------- Tables -----------------------------*/
static int keys[2 * MOST], hits[QUERIES], misses[QUERIES], shuffled[MOST];
static struct word *words; /* of source files */
static struct word *names, *name_hits, *name_misses;
static size_t words_num, size; /* elements in the tables of this subject */
static void *filled;

static const struct table *side (void) {
  return (const struct table *) bench_running->arg;
}

/* Odd numbers are never keys, so they miss.  */
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

/* An identifier of 4 to 22 bytes, 11 on average, made of syllables and NUMBER, which makes it
   unique.  */
static struct word make_name (char *chars, unsigned number) {
  static const char *const syllables[] = {"get", "set", "reg", "op", "type", "insn", "el", "_"};
  unsigned random = number * 2654435761u;
  char *end = chars;
  for (int i = (int) (random >> 30); i >= 0; i--, random <<= 3) {
    const char *syllable = syllables[random >> 27 & 7];
    size_t len = strlen (syllable);
    memcpy (end, syllable, len);
    end += len;
  }
  end += snprintf (end, 7, "_%x", number & 0xfffff);
  return (struct word) {chars, (size_t) (end - chars)};
}

static struct word *make_names (size_t num, unsigned (*number) (size_t i)) {
  struct word *res = (struct word *) malloc (num * sizeof (*res));
  char *chars = (char *) malloc (num * (NAME_MAX_LEN + 1));
  if (res == NULL || chars == NULL) bench_fail ("no memory");
  for (size_t i = 0; i < num; i++) res[i] = make_name (chars + i * (NAME_MAX_LEN + 1), number (i));
  return res;
}

static void free_names (struct word *all) {
  if (all == NULL) return;
  free ((void *) (uintptr_t) all[0].chars);
  free (all);
}

static unsigned name_number (size_t i) {
  return (unsigned) i;
}

static unsigned hit_number (size_t i) {
  return (unsigned) ((unsigned) i * 2246822519u % size);
}

static unsigned miss_number (size_t i) {
  return 0x80000u + (unsigned) i;
}

/* The names to look for are copies of those in the table, as in a compiler.  */
static void choose_names (void) {
  free_names (names);
  free_names (name_hits);
  free_names (name_misses);
  names = make_names (size, name_number);
  name_hits = make_names (QUERIES, hit_number);
  name_misses = make_names (QUERIES, miss_number);
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

static void fill_names (void) {
  filled = side ()->fill_words (names, size);
}

static void destroy_names (void) {
  side ()->destroy_words (filled);
}

static void make_name_tables (void) {
  for (size_t done = 0; done < bench_running_ops; done += size)
    side ()->destroy_words (side ()->fill_words (names, size));
}

static void find_name_hits (void) {
  static long sums[BENCH_MAX_SIDES]; /* by size */
  long sum = side ()->find_words (filled, name_hits, QUERIES);
  size_t i = 0;
  for (size_t n = size; n > 9; n /= 10) i++;
  if (sums[i] == 0) sums[i] = sum;
  if (sum == 0 || sums[i] != sum) bench_fail ("finds other names");
}

static void find_name_misses (void) {
  if (side ()->find_words (filled, name_misses, QUERIES) != 0)
    bench_fail ("finds a name that is not there");
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
  if (found != different) bench_fail ("finds a different number of words");
}

/* Read the words of some source files in their order, with repetitions, as a compiler does.  */
static void read_words (void) {
  static const char *const sources[] = BENCH_SOURCES;
  size_t max = 0;
  for (size_t i = 0; i < sizeof (sources) / sizeof (sources[0]); i++) {
    FILE *file = fopen (sources[i], "rb");
    long length = -1;
    if (file == NULL || fseek (file, 0, SEEK_END) != 0 || (length = ftell (file)) < 0)
      bench_fail (sources[i]);
    rewind (file);
    char *text = (char *) calloc ((size_t) length + 1, 1);
    if (text == NULL || fread (text, 1, (size_t) length, file) != (size_t) length)
      bench_fail (sources[i]);
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

/* CHOOSE, if not NULL, makes the keys.  */
static void compare (const char *what, size_t table_size, size_t ops, void (*choose) (void),
                     void (*run) (void), void (*prepare) (void), void (*finish) (void)) {
  static const struct table *const tables[] = {&table_uthash,    &table_glib,  &table_std,
                                               &table_absl,      &table_boost, &table_htab,
                                               &table_htab_bound};
  enum { TABLES = sizeof (tables) / sizeof (tables[0]) };
  struct bench_side sides[TABLES + 1];
  char subject[100];
  memset (sides, 0, sizeof (sides));
  for (size_t i = 0; i < TABLES; i++) {
    sides[i].name = tables[i]->name;
    sides[i].arg = (void *) (uintptr_t) tables[i];
    sides[i].run = run;
    sides[i].prepare = prepare;
    sides[i].finish = finish;
  }
  snprintf (subject, sizeof (subject), "containers: %s, %zu", what, table_size);
  size = table_size;
  if (choose != NULL) choose ();
  bench_compare (subject, ops, sides);
}

static void compare_ints (size_t n) {
  compare ("make a table of ints", n, (OPS + n - 1) / n * n, choose_keys, make_tables, NULL, NULL);
  compare ("find an int that is there", n, QUERIES, choose_keys, find_hits, fill, destroy);
  compare ("find an int that is not there", n, QUERIES, choose_keys, find_misses, fill, destroy);
  if (n >= 1000) compare ("erase in random order", n, n, choose_keys, erase, fill, destroy);
  if (n >= 100)
    compare ("delete the oldest, insert one", n, MOST, choose_keys, churn, fill, destroy);
}

static void compare_names (size_t n) {
  compare ("make a table of names", n, (OPS + n - 1) / n * n, choose_names, make_name_tables, NULL,
           NULL);
  compare ("find a name that is there", n, QUERIES, choose_names, find_name_hits, fill_names,
           destroy_names);
  compare ("find a name that is not there", n, QUERIES, choose_names, find_name_misses, fill_names,
           destroy_names);
}

int main (int argc, char **argv) {
  static const size_t sizes[] = {10, 100, 1000, 30000, MOST};
  MIR_context_t ctx = MIR_init ();
  if (ctx == NULL) return 1;
  tables_alloc = MIR_get_alloc (ctx);
  bench_start (argc, argv);
  compare_arrays ();
  read_words ();
  compare ("intern the words of sources", words_num, words_num, NULL, intern, NULL, NULL);
  for (size_t i = 0; i < sizeof (sizes) / sizeof (sizes[0]); i++) compare_ints (sizes[i]);
  for (size_t i = 0; i < sizeof (sizes) / sizeof (sizes[0]); i++) compare_names (sizes[i]);
  MIR_finish (ctx);
  return 0;
}
