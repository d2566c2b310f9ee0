/* The workloads of workloads.h.  */
#include "workloads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "words.h"

enum { MOST = 100000, QUERIES = 1 << 16, MAX_REPEATS = 128 };

static const struct workload *chosen;
static const struct table *running;
static size_t size, ops, repeats; /* of the chosen workload */
static uint64_t expected;         /* what the first table has found */
static int is_expected;
static double ns;
static size_t starts;

/*---------------- Random numbers and time -----------------------------*/
static uint64_t state = 0x853c49e6748fea9b;

static size_t below (size_t bound) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (size_t) (((state >> 32) * bound) >> 32);
}

static void shuffle (int64_t *keys, size_t num) {
  for (size_t i = num; i > 1; i--) {
    size_t j = below (i);
    int64_t key = keys[i - 1];
    keys[i - 1] = keys[j];
    keys[j] = key;
  }
}

static void start (void) {
  starts++;
  ns -= workload_clock (1);
}

static void stop (void) {
  ns += workload_clock (0);
}

/* What one start and stop cost by themselves: the median of many.  */
static double clock_cost (void) {
  enum { NUM = 101 };
  static double costs[NUM];
  if (costs[NUM / 2] != 0) return costs[NUM / 2];
  for (int i = 0; i < NUM; i++) {
    double cost = workload_clock (1);
    cost = workload_clock (0) - cost;
    int j = i;
    for (; j > 0 && costs[j - 1] > cost; j--) costs[j] = costs[j - 1];
    costs[j] = cost;
  }
  return costs[NUM / 2];
}

/* All tables must find the same.  */
static void check (uint64_t found) {
  char what[100];
  if (!is_expected) expected = found;
  is_expected = 1;
  if (found == expected) return;
  snprintf (what, sizeof (what), "%s: %s finds something else than the one before it", chosen->name,
            workload_side (running));
  bench_fail (what);
}

/*---------------- Ints -----------------------------*/
static int64_t keys[2 * MOST + MOST], hits[QUERIES], misses[QUERIES], order[MOST];
static size_t queries;

/* Even numbers are keys and odd ones are not.  */
static void choose_ints (void) {
  for (size_t i = 0; i < sizeof (keys) / sizeof (keys[0]); i++)
    keys[i] = ((int64_t) below ((size_t) 1 << 31) << 20 | (int64_t) i) * 2;
  queries = size <= 1000 ? QUERIES / 4 : QUERIES;
  for (size_t i = 0; i < queries; i++) {
    hits[i] = keys[below (size)];
    misses[i] = keys[below (size)] + 1;
  }
  repeats = size >= 16384 ? 1 : 16384 / size;
  if (repeats > MAX_REPEATS) repeats = MAX_REPEATS;
}

static void *filled (const struct table *table) {
  void *res = table->make ();
  table->insert (res, keys, size);
  return res;
}

static void choose_to_build (void) {
  choose_ints ();
  ops = repeats * size;
}

static void build (const struct table *table) {
  start ();
  for (size_t i = 0; i < repeats; i++) table->destroy (filled (table));
  stop ();
}

static void choose_to_find (void) {
  choose_ints ();
  ops = queries;
}

static void hit (const struct table *table) {
  void *made = filled (table);
  uint64_t sum;
  start ();
  sum = table->find (made, hits, queries);
  stop ();
  check (sum);
  table->destroy (made);
}

static void miss (const struct table *table) {
  void *made = filled (table);
  uint64_t sum;
  start ();
  sum = table->find (made, misses, queries);
  stop ();
  check (sum);
  if (sum != 0) bench_fail ("all tables find what is not there");
  table->destroy (made);
}

/* Each table is erased in an order that no other one had, so that no branch can be learned.  */
static void erase (const struct table *table) {
  for (size_t i = 0; i < repeats; i++) {
    void *made = filled (table);
    memcpy (order, keys, size * sizeof (keys[0]));
    shuffle (order, size);
    start ();
    table->erase (made, order, size);
    stop ();
    check (table->sum (made));
    table->destroy (made);
  }
}

static void choose_to_churn (void) {
  choose_ints ();
  ops = QUERIES;
}

static void churn (const struct table *table) {
  void *made = filled (table);
  start ();
  table->churn (made, keys, QUERIES, size);
  stop ();
  check (table->sum (made));
  table->destroy (made);
}

static void choose_to_visit (void) {
  choose_ints ();
  repeats *= 8;
  ops = repeats * size;
  memcpy (order, keys, size * sizeof (keys[0]));
  shuffle (order, size);
}

static void visit_all (const struct table *table, void *made, uint64_t (*sum_of) (void *)) {
  uint64_t sum = 0;
  start ();
  for (size_t i = 0; i < repeats; i++) sum += sum_of (made);
  stop ();
  check (sum);
  table->destroy (made);
}

static void visit (const struct table *table) {
  visit_all (table, filled (table), table->sum);
}

static void visit_by_call (const struct table *table) {
  visit_all (table, filled (table), table->sum_by_call);
}

/* The operations are the elements that are left.  */
static void choose_to_visit_half (void) {
  choose_to_visit ();
  ops = repeats * (size - size / 2);
}

static void visit_half (const struct table *table) {
  void *made = filled (table);
  table->erase (made, order, size / 2);
  visit_all (table, made, table->sum);
}

static void refill (const struct table *table) {
  void *made = filled (table);
  start ();
  for (size_t i = 0; i < repeats; i++) {
    table->clear (made);
    table->insert (made, keys, size);
  }
  stop ();
  check (table->sum (made));
  table->destroy (made);
}

static void copy (const struct table *table) {
  void *made = filled (table), *last = NULL;
  start ();
  for (size_t i = 0; i < repeats; i++) {
    if (last != NULL) table->destroy (last);
    last = table->copy (made);
  }
  stop ();
  check (table->sum (last));
  table->destroy (last);
  table->destroy (made);
}

enum { TINY_TABLES = 1500 };
static unsigned char tiny_sizes[TINY_TABLES];

/* The operations are the elements.  */
static void choose_tiny (void) {
  size = 8;
  choose_ints ();
  ops = 0;
  for (size_t i = 0; i < TINY_TABLES; i++) ops += tiny_sizes[i] = (unsigned char) (2 + below (7));
}

static void tiny (const struct table *table) {
  uint64_t sum;
  start ();
  sum = table->tiny (keys, tiny_sizes, TINY_TABLES);
  stop ();
  check (sum);
}

/*---------------- Scopes -----------------------------*/
/* A compiler's table of symbols: a scope inserts its names, looks up those of all open scopes and
   some that are nowhere, and at its end removes its own, the last one first.  The outermost scope
   stays open.  */
enum { SCOPES = 600, MOST_OPEN = 8, GLOBALS = 32, MOST_NAMES = 12, LOOKUPS = 4 };

static struct scope_step {
  size_t inserts, finds, erases; /* keys of this step, one after the other */
} steps[2 * SCOPES];
static int64_t step_keys[(GLOBALS + SCOPES * MOST_NAMES) * (2 + LOOKUPS)], *step_end;
static size_t steps_num;
static int64_t open_names[GLOBALS + MOST_OPEN * MOST_NAMES];
static size_t open_names_num;

static void open_scope (size_t num) {
  static size_t next;
  steps[steps_num++] = (struct scope_step) {.inserts = num, .finds = num * LOOKUPS};
  for (size_t i = 0; i < num; i++) {
    int64_t key = keys[next++ % MOST];
    open_names[open_names_num++] = key;
    *step_end++ = key;
  }
  for (size_t i = 0; i < num * LOOKUPS; i++) {
    int64_t key = open_names[below (open_names_num)];
    *step_end++ = below (5) == 0 ? key + 1 : key;
  }
  ops += num + num * LOOKUPS;
}

static void close_scope (size_t num) {
  steps[steps_num++] = (struct scope_step) {.erases = num};
  for (size_t i = 0; i < num; i++) *step_end++ = open_names[--open_names_num];
  ops += num;
}

static void choose_scopes (void) {
  size_t nums[MOST_OPEN], depth = 0, opened = 1;
  size = MOST;
  choose_ints ();
  step_end = step_keys;
  steps_num = open_names_num = ops = 0;
  open_scope (GLOBALS);
  while (opened < SCOPES || depth != 0) {
    if (opened < SCOPES && depth < MOST_OPEN && (depth == 0 || below (2) == 0)) {
      nums[depth] = 3 + below (MOST_NAMES - 2);
      open_scope (nums[depth++]);
      opened++;
    } else {
      close_scope (nums[--depth]);
    }
  }
}

static void scopes (const struct table *table) {
  const int64_t *key = step_keys;
  uint64_t sum = 0;
  void *made;
  start ();
  made = table->make ();
  for (size_t i = 0; i < steps_num; i++) {
    table->insert (made, key, steps[i].inserts);
    key += steps[i].inserts;
    sum += table->find (made, key, steps[i].finds);
    key += steps[i].finds;
    table->erase (made, key, steps[i].erases);
    key += steps[i].erases;
  }
  table->destroy (made);
  stop ();
  check (sum);
}

/*---------------- Words -----------------------------*/
static struct word *words, *word_hits, *word_misses;

static void choose_source_words (void) {
  ops = source_words_num;
}

static void intern_words (const struct table *table) {
  uint64_t sum;
  start ();
  sum = table->intern_words (source_words, source_words_num);
  stop ();
  check (sum);
}

static void intern_packed (const struct table *table) {
  uint64_t sum;
  start ();
  sum = table->intern_packed (source_words, source_words_num);
  stop ();
  check (sum);
}

static unsigned own_number (size_t i) {
  return (unsigned) i;
}

static unsigned hit_number (size_t i) {
  return (unsigned) ((unsigned) i * 2246822519u % size);
}

static unsigned miss_number (size_t i) {
  return 0x80000u + (unsigned) i;
}

/* The words to look for are copies of those in the table, as in a compiler.  */
static void choose_words (void) {
  free_words (words);
  free_words (word_hits);
  free_words (word_misses);
  queries = QUERIES / 4;
  words = make_words (size, own_number);
  word_hits = make_words (queries, hit_number);
  word_misses = make_words (queries, miss_number);
  repeats = size >= 16384 ? 1 : 16384 / size;
  ops = repeats * size;
}

static void choose_to_find_words (void) {
  choose_words ();
  ops = queries;
}

static void build_words (const struct table *table) {
  start ();
  for (size_t i = 0; i < repeats; i++) table->destroy_words (table->fill_words (words, size));
  stop ();
}

static void find_words (const struct table *table, const struct word *wanted) {
  void *made = table->fill_words (words, size);
  uint64_t sum;
  start ();
  sum = table->find_words (made, wanted, queries);
  stop ();
  check (sum);
  table->destroy_words (made);
}

static void hit_words (const struct table *table) {
  find_words (table, word_hits);
}

static void miss_words (const struct table *table) {
  find_words (table, word_misses);
}

/*---------------- Arrays -----------------------------*/
static void choose_to_push (void) {
  repeats = size >= 100000 ? 1 : 100000 / size;
  ops = repeats * size;
}

static void push_get (const struct table *table) {
  uint64_t sum = 0;
  start ();
  for (size_t i = 0; i < repeats; i++) sum += table->push_get (size);
  stop ();
  check (sum);
}

/*---------------- All workloads -----------------------------*/
const struct workload workloads[] = {
    {.name = "intern words of 24 bytes",
     .sizes = {ANY_SIZE},
     .choose = choose_source_words,
     .run = intern_words,
     .needs = offsetof (struct table, intern_words)},
    {.name = "intern words of 16 bytes",
     .sizes = {ANY_SIZE},
     .choose = choose_source_words,
     .run = intern_packed,
     .needs = offsetof (struct table, intern_packed)},
    {.name = "scopes", .sizes = {ANY_SIZE}, .choose = choose_scopes, .run = scopes},
    {.name = "tiny tables of 2 to 8", .sizes = {ANY_SIZE}, .choose = choose_tiny, .run = tiny},
    {.name = "make a table", .sizes = {100, 1000, MOST}, .choose = choose_to_build, .run = build},
    {.name = "find", .sizes = {10, 1000, MOST}, .choose = choose_to_find, .run = hit},
    {.name = "find what is not there",
     .sizes = {10, 1000, MOST},
     .choose = choose_to_find,
     .run = miss},
    {.name = "erase in random order",
     .sizes = {100, 1000, MOST},
     .choose = choose_to_build,
     .run = erase},
    {.name = "delete the oldest, insert one",
     .sizes = {100, 1000, MOST},
     .choose = choose_to_churn,
     .run = churn},
    {.name = "foreach", .sizes = {100, 10000}, .choose = choose_to_visit, .run = visit},
    {.name = "foreach by call",
     .sizes = {100, 10000},
     .choose = choose_to_visit,
     .run = visit_by_call,
     .needs = offsetof (struct table, sum_by_call)},
    {.name = "foreach, half erased",
     .sizes = {100, 10000},
     .choose = choose_to_visit_half,
     .run = visit_half},
    {.name = "clear and refill", .sizes = {200}, .choose = choose_to_build, .run = refill},
    {.name = "copy", .sizes = {100, 10000}, .choose = choose_to_build, .run = copy},
    {.name = "make a table of words",
     .sizes = {1000, MOST},
     .choose = choose_words,
     .run = build_words},
    {.name = "find a word",
     .sizes = {1000, MOST},
     .choose = choose_to_find_words,
     .run = hit_words},
    {.name = "find a word that is not there",
     .sizes = {1000, MOST},
     .choose = choose_to_find_words,
     .run = miss_words},
    {.name = "push and get",
     .sizes = {10, 1000, 1000000},
     .choose = choose_to_push,
     .run = push_get,
     .needs = offsetof (struct table, array_name),
     .is_for_arrays = 1},
    {.name = NULL}};

size_t workload_choose (const struct workload *workload, size_t table_size) {
  chosen = workload;
  size = table_size;
  ops = 0;
  is_expected = 0;
  workload->choose ();
  return ops;
}

int workload_suits (const struct table *table) {
  void *member;
  if (chosen->needs == 0) return 1;
  memcpy (&member, (const char *) table + chosen->needs, sizeof (member));
  return member != NULL;
}

const char *workload_side (const struct table *table) {
  return chosen->is_for_arrays ? table->array_name : table->name;
}

double workload_run (const struct table *table) {
  double cost = clock_cost ();
  ns = 0;
  starts = 0;
  running = table;
  chosen->run (table);
  return (ns - (double) starts * cost) / (double) ops;
}
