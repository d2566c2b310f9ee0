/* The matrix of slices against a naive model that keeps all blocks, whatever was merged and joined;
   its JSON; and the size of the page.  Linux.  */
#define _GNU_SOURCE /* fmemopen, open_memstream */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/html-size.h"
#include "report/html-stacks.h"
#include "report/html.h"
#include "report/tree.h"
#include "trace-bytes.h"

enum { BLOCKS_MAX = 200000, THREADS = 3, NAMES = 4, FRAMES_MAX = 6, DEPTH_MAX = 4, NEVER = -1 };

/* A block that was made, once for each realloc.  */
struct made {
  uint32_t node; /* in the picture's tree */
  uint64_t address, size, born;
  long long ended;
  int thread, temporary;
};

/* A thread as the test sees it.  */
struct actor {
  int depth;
  char scopes[DEPTH_MAX]; /* names of one byte */
  size_t newest;          /* the block it made last, + 1 */
};

/* Where a block was made: known before the tree is.  */
struct place {
  int depth, num;
  char scopes[DEPTH_MAX];
  uint64_t frames[FRAMES_MAX]; /* the outermost first */
};

static struct picture picture;
static struct made made[BLOCKS_MAX];
static struct place places[BLOCKS_MAX];
static size_t made_num, live[BLOCKS_MAX], live_num;
static struct actor actors[THREADS];
static int actor;
static uint64_t now, events, last_block, last_pc, next_address;

/*---------------- A random trace -----------------------------*/

/* The parameters of a trace.  */
struct shape {
  size_t events;
  uint64_t step;      /* nanoseconds between events, at most */
  uint64_t addresses; /* different return addresses */
  int free_share;     /* percent of the events that end a block */
  uint64_t names;     /* different names that addresses have; 0: they have none */
};

static uint64_t pass_time (const struct shape *shape) {
  uint64_t step = tap_random () % shape->step;
  now += step;
  events++;
  return step;
}

/* Put a stack before the next record, and note it and the scopes in PLACE.  */
static void put_stack (const struct shape *shape, struct place *place) {
  const struct actor *a = &actors[actor];
  place->depth = a->depth;
  memcpy (place->scopes, a->scopes, sizeof (place->scopes));
  place->num = (int) (tap_random () % (FRAMES_MAX + 1));
  for (int i = 0; i < place->num; i++) place->frames[i] = 1000 + tap_random () % shape->addresses;
  if (place->num == 0) return;
  byte (MIR_TRACE_STACK);
  number ((uint64_t) place->num);
  for (int i = place->num; i-- > 0;) number (difference (&last_pc, place->frames[i]));
}

static void note_made (uint64_t address, uint64_t size) {
  struct made *block = &made[made_num];
  *block = (struct made) {0, address, size, now, NEVER, actor, 0};
  live[live_num++] = made_num;
  actors[actor].newest = ++made_num;
}

static void put_malloc (const struct shape *shape) {
  uint64_t size = tap_random () % 1000;
  put_stack (shape, &places[made_num]);
  next_address += 16;
  record (MIR_TRACE_MALLOC, 3, pass_time (shape), size, difference (&last_block, next_address), 0);
  note_made (next_address, size);
}

/* Take the block with the index I out of `live`.  */
static struct made *end_block (size_t i) {
  struct made *block = &made[live[i]];
  live[i] = live[--live_num];
  return block;
}

static void put_free (const struct shape *shape, size_t i) {
  struct made *block = end_block (i);
  record (MIR_TRACE_FREE, 2, pass_time (shape), difference (&last_block, block->address), 0, 0);
  block->ended = (long long) now;
  block->temporary = block->thread == actor && actors[actor].newest == (size_t) (block - made) + 1;
}

static void put_realloc (const struct shape *shape, size_t i, int fails) {
  struct made *block = &made[live[i]];
  uint64_t size = tap_random () % 1000;
  put_stack (shape, &places[made_num]);
  record (MIR_TRACE_REALLOC, 4, pass_time (shape), difference (&last_block, block->address),
          block->size, size);
  if (fails) {
    record (MIR_TRACE_REALLOC_FAILED, 1, pass_time (shape), 0, 0, 0);
    return;
  }
  end_block (i);
  next_address += 16;
  record (MIR_TRACE_REALLOC_DONE, 2, pass_time (shape), difference (&last_block, next_address), 0,
          0);
  block->ended = (long long) now;
  note_made (next_address, size);
}

static void put_scope (const struct shape *shape) {
  struct actor *a = &actors[actor];
  if (a->depth < DEPTH_MAX && (a->depth == 0 || tap_random () % 2 == 0)) {
    char name = (char) ('a' + tap_random () % NAMES);
    record (MIR_TRACE_PUSH, 1, pass_time (shape), 0, 0, 0);
    text (&name, 1);
    a->scopes[a->depth++] = name;
  } else if (a->depth > 0) {
    record (MIR_TRACE_POP, 1, pass_time (shape), 0, 0, 0);
    a->depth--;
  }
}

static void put_event (const struct shape *shape) {
  int what = (int) (tap_random () % 100);
  if (tap_random () % 4 == 0) {
    actor = (int) (tap_random () % THREADS);
    record (MIR_TRACE_THREAD, 1, (uint64_t) actor, 0, 0, 0);
  }
  if (what < 5)
    put_scope (shape);
  else if (what < 10 && live_num > 0)
    put_realloc (shape, tap_random () % live_num, what == 5);
  else if (what < 10 + shape->free_share && live_num > 0) /* the newest one half of the time */
    put_free (shape, tap_random () % 2 == 0 ? live_num - 1 : tap_random () % live_num);
  else
    put_malloc (shape);
}

/* Begin a realloc in each thread and end none: the blocks stay.  */
static void put_unfinished (const struct shape *shape) {
  for (actor = 0; actor < THREADS && (size_t) actor < live_num; actor++) {
    const struct made *block = &made[live[actor]];
    record (MIR_TRACE_THREAD, 1, (uint64_t) actor, 0, 0, 0);
    record (MIR_TRACE_REALLOC, 4, pass_time (shape), difference (&last_block, block->address),
            block->size, 2 * block->size);
  }
}

/* Name most of the addresses.  */
static void put_symbols (const struct shape *shape) {
  char name[24];
  for (uint64_t i = 0; i < shape->addresses && shape->names > 0; i++) {
    if (i % 8 == 7) continue;
    snprintf (name, sizeof (name), "f%llu", (unsigned long long) (i % shape->names));
    record (MIR_TRACE_SYMBOL, 1, difference (&last_pc, 1000 + i), 0, 0, 0);
    text (name, strlen (name));
  }
}

static void make_random_trace (const struct shape *shape) {
  begin_bytes ();
  made_num = live_num = 0;
  now = events = last_block = last_pc = 0;
  next_address = 0x10000;
  actor = 0;
  memset (actors, 0, sizeof (actors));
  record (MIR_TRACE_THREAD, 1, 0, 0, 0, 0);
  put_symbols (shape);
  for (size_t i = 0; i < shape->events && made_num < BLOCKS_MAX; i++) put_event (shape);
  put_unfinished (shape);
  record (MIR_TRACE_END, 2, 0, events, 0, 0);
  REQUIRE (bytes_num < sizeof (bytes));
}

/*---------------- The naive model -----------------------------*/

static void read_picture (void) {
  FILE *stream = fmemopen (bytes, bytes_num, "rb");
  REQUIRE (stream != NULL);
  picture_init (&picture, report_alloc);
  if (picture_read (&picture, stream, 0) != 0) tap_note ("%s", picture.reader.error);
  fclose (stream);
}

/* The child of NODE that is the scope NAME, or the address if NAME is NULL.  */
static uint32_t find_child (const uint32_t *first, const uint32_t *next, uint32_t node,
                            const char *name, uint64_t address) {
  char buffer[TREE_NAME_MAX];
  for (uint32_t i = first[node]; i != 0; i = next[i]) {
    const struct node *child = picture_node (&picture, i);
    if (name == NULL && child->kind == NODE_ADDRESS && child->key == address) return i;
    if (name != NULL && child->kind == NODE_SCOPE
        && strcmp (tree_node_name (&picture, child, buffer), name) == 0)
      return i;
  }
  return 0;
}

/* Find the node of each block.  */
static void find_nodes (void) {
  size_t num = VARR_LENGTH (node_t, picture.nodes);
  uint32_t *first = (uint32_t *) calloc (num, sizeof (*first));
  uint32_t *next = (uint32_t *) calloc (num, sizeof (*next));
  char name[2];
  REQUIRE (first != NULL && next != NULL);
  for (uint32_t i = 1; i < num; i++) {
    uint32_t parent = picture_node (&picture, i)->parent;
    next[i] = first[parent];
    first[parent] = i;
  }
  for (size_t i = 0; i < made_num; i++) {
    uint32_t node = 0;
    for (int j = 0; j < places[i].depth; j++) {
      snprintf (name, sizeof (name), "%c", places[i].scopes[j]);
      node = find_child (first, next, node, name, 0);
      CHECK (node != 0);
    }
    for (int j = 0; j < places[i].num; j++) {
      node = find_child (first, next, node, NULL, places[i].frames[j]);
      CHECK (node != 0);
    }
    made[i].node = node;
  }
  free (next);
  free (first);
}

static const struct kept_node *kept_one (const struct kept *kept, size_t at) {
  return &VARR_ADDR (kept_node_t, kept->nodes)[at];
}

/* Whether the tree's NODE, whose nearest kept node is at PLACE, may be in LEAF.  */
static int fits (const struct kept_node *leaf, size_t place, uint32_t node) {
  const struct node *one = picture_node (&picture, leaf->node);
  const struct node *other = picture_node (&picture, node);
  char name[TREE_NAME_MAX], other_name[TREE_NAME_MAX];
  if (leaf->parent != place || leaf->kind == KEPT_NODE) return 0;
  if (leaf->kind == KEPT_OTHERS) return 1;
  return one->kind == other->kind
         && strcmp (tree_node_name (&picture, one, name),
                    tree_node_name (&picture, other, other_name))
                == 0;
}

/* The leaves of each kept node: the last one, and to each the one before it; 0: there is none.  */
struct leaves {
  size_t last[KEPT_MAX], before[KEPT_MAX];
};

static void find_leaves (struct leaves *leaves, const struct kept *kept) {
  memset (leaves, 0, sizeof (*leaves));
  for (size_t i = 1; i < kept_num (kept); i++) {
    size_t parent = kept_one (kept, i)->parent;
    if (kept_one (kept, i)->kind == KEPT_NODE) continue;
    leaves->before[i] = leaves->last[parent];
    leaves->last[parent] = i;
  }
}

/* The place in KEPT where NODE of the tree must be counted whose nearest kept node is at PLACE; if
   there is no leaf for its name, that is the leaf for others.  */
static size_t find_leaf_of (const struct kept *kept, const struct leaves *leaves, size_t place,
                            uint32_t node) {
  size_t others = 0;
  for (size_t i = leaves->last[place]; i != 0; i = leaves->before[i]) {
    if (!fits (kept_one (kept, i), place, node)) continue;
    if (kept_one (kept, i)->kind != KEPT_OTHERS) return i;
    others = i;
  }
  REQUIRE (others != 0);
  return others;
}

static int has_others (const struct kept *kept, const struct leaves *leaves, size_t place) {
  for (size_t i = leaves->last[place]; i != 0; i = leaves->before[i])
    if (kept_one (kept, i)->kind == KEPT_OTHERS) return 1;
  return 0;
}

/* Check which leaves lack frames.  WHERE, NEAREST: the places of all nodes of the tree, and of their
   nearest kept nodes.  */
static void check_far (const struct kept *kept, const struct leaves *leaves, const size_t *where,
                       const size_t *nearest) {
  static uint8_t far[KEPT_MAX];
  memset (far, 0, sizeof (far));
  for (uint32_t i = 0; i < VARR_LENGTH (node_t, picture.nodes); i++)
    if (picture_node (&picture, i)->stack != 0
        && picture_node (&picture, i)->parent != kept_one (kept, nearest[i])->node)
      far[where[i]] = 1;
  for (size_t i = 0; i < kept_num (kept); i++) {
    const struct kept_node *leaf = kept_one (kept, i);
    if (leaf->kind == KEPT_FAR) CHECK (far[i]);
    if (leaf->kind == KEPT_NEAR) CHECK (!far[i] || has_others (kept, leaves, leaf->parent));
  }
}

/* The place in KEPT of each node of the tree with blocks, found by going up.  The caller frees it.  */
static size_t *find_places (const struct kept *kept) {
  static struct leaves leaves;
  size_t num = VARR_LENGTH (node_t, picture.nodes);
  size_t *nearest = (size_t *) malloc (num * sizeof (*nearest));
  size_t *where = (size_t *) malloc (num * sizeof (*where));
  REQUIRE (nearest != NULL && where != NULL);
  find_leaves (&leaves, kept);
  for (size_t i = 0; i < num; i++) nearest[i] = SIZE_MAX;
  for (size_t i = 0; i < kept_num (kept); i++)
    if (kept_one (kept, i)->kind == KEPT_NODE) nearest[kept_one (kept, i)->node] = i;
  for (uint32_t i = 0; i < num; i++) {
    where[i] = nearest[i];
    if (nearest[i] != SIZE_MAX) continue;
    nearest[i] = nearest[picture_node (&picture, i)->parent];
    if (picture_node (&picture, i)->stack != 0)
      where[i] = find_leaf_of (kept, &leaves, nearest[i], i);
  }
  check_far (kept, &leaves, where, nearest);
  free (nearest);
  return where;
}

/* What can be asked of a range of slices.  */
struct answer {
  struct sum allocated, kept, live, temporary;
};

static void add_sum (struct sum *sum, const struct sum *more, int applies) {
  if (applies) sum_join (sum, more);
}

static void answer (struct answer *answer, const struct sum *sum, unsigned born, unsigned ended,
                    int temporary, unsigned a, unsigned b) {
  int in = born >= a && born <= b;
  if (temporary) {
    add_sum (&answer->temporary, sum, in);
    return;
  }
  add_sum (&answer->allocated, sum, in);
  add_sum (&answer->kept, sum, in && ended > b);
  add_sum (&answer->live, sum, born <= b && ended > b);
}

/* The answers of the model, for each kept node.  */
static void ask_model (struct answer *answers, const size_t *where, uint64_t width, unsigned num,
                       unsigned a, unsigned b) {
  for (size_t i = 0; i < made_num; i++) {
    const struct made *block = &made[i];
    struct sum sum = {1, block->size};
    unsigned born = (unsigned) (block->born / width);
    unsigned ended = block->ended == NEVER ? num : (unsigned) ((uint64_t) block->ended / width);
    struct answer *node = &answers[where[block->node]];
    answer (node, &sum, born, ended, 0, a, b);
    if (block->temporary) answer (node, &sum, born, ended, 1, a, b);
  }
}

static void ask_matrix (struct answer *answers, const struct slices *slices, unsigned a,
                        unsigned b) {
  for (size_t i = 0; i < VARR_LENGTH (move_t, slices->moves); i++) {
    const struct move *move = &VARR_ADDR (move_t, slices->moves)[i];
    answer (&answers[move->node], &move->sum, move->born,
            move->ended == SLICES_NEVER ? slices_num (slices) : move->ended,
            move->ended == SLICES_TEMPORARY, a, b);
  }
}

enum { PARTS = sizeof (struct answer) / sizeof (uint64_t) };

static uint64_t part_of (const struct answer *answer, size_t part) {
  uint64_t value;
  memcpy (&value, (const char *) answer + part * sizeof (value), sizeof (value));
  return value;
}

/* Where a node has a leaf for others, some of what would be in its other leaves is in that one, and
   nothing is anywhere else.  */
static void check_answers (const struct kept *kept, const struct answer *expected,
                           const struct answer *actual) {
  static uint64_t missing[KEPT_MAX][PARTS]; /* from the leaves of each node */
  static uint8_t others[KEPT_MAX];
  size_t num = kept_num (kept), wrong = 0;
  memset (missing, 0, num * sizeof (missing[0]));
  memset (others, 0, num);
  for (size_t i = 0; i < num; i++)
    if (kept_one (kept, i)->kind == KEPT_OTHERS) others[kept_one (kept, i)->parent]++;
  for (size_t i = 0; i < num; i++)
    for (size_t part = 0; part < PARTS; part++) {
      const struct kept_node *node = kept_one (kept, i);
      uint64_t is = part_of (&actual[i], part), must = part_of (&expected[i], part);
      if (node->kind == KEPT_NODE || !others[node->parent])
        wrong += is != must;
      else
        wrong += node->kind == KEPT_OTHERS ? is < must : is > must;
      if (node->kind != KEPT_NODE) missing[node->parent][part] += must - is;
    }
  for (size_t i = 0; i < num; i++) {
    for (size_t part = 0; part < PARTS; part++) wrong += missing[i][part] != 0;
    wrong += others[i] > 1;
  }
  CHECK_INT (wrong, 0);
}

static void check_range (const struct kept *kept, const struct slices *slices, const size_t *where,
                         unsigned a, unsigned b) {
  static struct answer expected[KEPT_MAX], actual[KEPT_MAX];
  memset (expected, 0, kept_num (kept) * sizeof (expected[0]));
  memset (actual, 0, kept_num (kept) * sizeof (actual[0]));
  ask_model (expected, where, slices_width (slices), slices_num (slices), a, b);
  ask_matrix (actual, slices, a, b);
  check_answers (kept, expected, actual);
}

/* Check every range, or some of them: at most MOST.  */
static void check_matrix (const struct kept *kept, const struct slices *slices, size_t most) {
  unsigned num = slices_num (slices);
  size_t *where = find_places (kept);
  CHECK (num > 0 && num <= SLICES_MAX);
  CHECK (slices_width (slices) * num > now);
  CHECK_INT (slices_width (slices) % picture.timeline.width, 0);
  if ((size_t) num * (num + 1) / 2 <= most) {
    for (unsigned b = 0; b < num; b++)
      for (unsigned a = 0; a <= b; a++) check_range (kept, slices, where, a, b);
  } else {
    check_range (kept, slices, where, 0, num - 1);
    for (size_t i = 1; i < most; i++) {
      unsigned a = (unsigned) (tap_random () % num), b = a + (unsigned) (tap_random () % (num - a));
      check_range (kept, slices, where, a, b);
    }
  }
  free (where);
}

/* The sums of each node are those of what the matrix has of it.  */
static void check_sums (const struct kept *kept, const struct slices *slices) {
  static struct answer all[KEPT_MAX];
  memset (all, 0, kept_num (kept) * sizeof (all[0]));
  ask_matrix (all, slices, 0, slices_num (slices) - 1);
  for (size_t i = 0; i < kept_num (kept); i++) {
    const struct kept_sums *sums = &kept_one (kept, i)->sums;
    CHECK_INT (memcmp (&sums->made, &all[i].allocated, sizeof (struct sum)), 0);
    CHECK_INT (memcmp (&sums->left, &all[i].kept, sizeof (struct sum)), 0);
    CHECK_INT (memcmp (&sums->temporary, &all[i].temporary, sizeof (struct sum)), 0);
  }
}

/* What was live at the peak, how many stacks there are, and whose children nodes are.  */
static void check_kept (const struct kept *kept) {
  struct sum peak = {0, 0};
  size_t stacks = 0;
  for (size_t i = 0; i < kept_num (kept); i++) {
    const struct kept_node *node = kept_one (kept, i), *parent = kept_one (kept, node->parent);
    uint32_t up = node->node;
    sum_join (&peak, &node->sums.peak);
    stacks += node->stacks;
    CHECK (i == 0 || node->parent < i);
    CHECK_INT (parent->kind, KEPT_NODE);
    CHECK (node->kind == KEPT_NODE || node->stacks > 0);
    do up = picture_node (&picture, up)->parent;
    while (node->kind >= KEPT_FAR && up != 0 && up != parent->node);
    CHECK_INT (up, parent->node);
  }
  CHECK_INT (peak.blocks, picture.totals.peak.blocks);
  CHECK_INT (peak.bytes, picture.totals.peak.bytes);
  CHECK_INT (stacks, VARR_LENGTH (call_stack_t, picture.stacks) - 1);
}

static void check_all (size_t most) {
  struct kept kept;
  struct slices slices;
  find_nodes ();
  check_kept (&picture.kept);
  check_sums (&picture.kept, &picture.slices);
  check_matrix (&picture.kept, &picture.slices, most);
  kept_copy (&kept, &picture.kept);
  slices_copy (&slices, &picture.slices);
  while (slices_reduce (&slices, &kept)) {
    check_kept (&kept);
    check_sums (&kept, &slices);
    check_matrix (&kept, &slices, most / 20 + 1);
  }
  CHECK (kept_num (&kept) <= 2);
  CHECK_INT (slices_num (&slices), 1);
  slices_finish (&slices);
  kept_finish (&kept);
}

static void check_totals (void) {
  struct sum all = {0, 0}, left = {0, 0}, temporary = {0, 0};
  for (size_t i = 0; i < made_num; i++) {
    struct sum sum = {1, made[i].size};
    sum_join (&all, &sum);
    add_sum (&left, &sum, made[i].ended == NEVER);
    add_sum (&temporary, &sum, made[i].temporary);
  }
  CHECK_INT (picture.totals.made.blocks, all.blocks);
  CHECK_INT (picture.totals.made.bytes, all.bytes);
  CHECK_INT (picture.totals.live.blocks, left.blocks);
  CHECK_INT (picture.totals.live.bytes, left.bytes);
  CHECK_INT (picture.totals.temporary.blocks, temporary.blocks);
  CHECK_INT (picture.totals.temporary.bytes, temporary.bytes);
  CHECK_INT (picture.totals.strange, 0);
}

static void the_matrix_answers_every_range (void) {
  for (size_t n = tap_scaled (30); n > 0; n--) {
    struct shape shape = {.events = 20 + tap_random () % 400,
                          .step = (uint64_t) 1 << tap_random () % 20,
                          .addresses = 1 + tap_random () % 5,
                          .free_share = (int) (tap_random () % 70),
                          .names = tap_random () % 4};
    make_random_trace (&shape);
    read_picture ();
    check_totals ();
    check_all (3000);
    picture_finish (&picture);
  }
}

/* More stacks than are kept and more pairs than there is room for.  */
static void merging_and_joining_keep_all_sums (void) {
  static const struct shape shapes[] = {
      {30000, 5000, 20, 45, 0}, {30000, 5000, 20, 45, 5}, {150000, 5000, 4, 44, 3}};
  for (size_t i = 0; i < sizeof (shapes) / sizeof (shapes[0]); i++) {
    make_random_trace (&shapes[i]);
    read_picture ();
    CHECK (VARR_LENGTH (call_stack_t, picture.stacks) > KEPT_MAX);
    CHECK (VARR_LENGTH (move_t, picture.slices.moves) <= SLICES_MOVES_MAX);
    CHECK (kept_num (&picture.kept) <= KEPT_MAX);
    check_totals ();
    check_all (20);
    picture_finish (&picture);
  }
}

/*---------------- JSON -----------------------------*/

static char *json;
static size_t json_len;

static void write_json (size_t most) {
  FILE *out = open_memstream (&json, &json_len);
  REQUIRE (out != NULL);
  html_write_stacks (out, &picture, most);
  REQUIRE (fclose (out) == 0);
  CHECK (json_len <= most);
}

/* Add the numbers of the arrays of the array KEY: the last two of each group of GROUP, which are
   blocks and bytes.  Returns how many arrays there are.  */
static size_t add_numbers (const char *key, int group, struct sum *sum) {
  const char *p = strstr (json, key);
  size_t arrays = 0;
  int at = 0;
  REQUIRE (p != NULL);
  for (p += strlen (key) + 1; *p == '[' || *p == ','; p++) {
    if (*p == ',') continue;
    arrays++;
    at = 0;
    while (*++p != ']') {
      char *end;
      unsigned long long value = strtoull (p, &end, 10);
      REQUIRE (end > p);
      if (at % group == group - 2) sum->blocks += value;
      if (at % group == group - 1) sum->bytes += value;
      at++;
      p = *end == ']' ? end - 1 : end;
    }
    CHECK_INT (at % group, 0);
  }
  CHECK_INT (*p, ']');
  return arrays;
}

/* The number behind *P, which comes to be behind that.  */
static long long next_number (const char **p) {
  char *end;
  long long value = strtoll (*p, &end, 10);
  REQUIRE (end > *p);
  *p = end;
  return value;
}

/* The number of NAME, which needs no escapes; -1: it is not there.  */
static long long name_number (const char *name) {
  const char *p = strstr (json, "\"names\":[");
  REQUIRE (p != NULL);
  long long num = 0;
  for (p += 8; *p == '[' || *p == ','; num++) {
    size_t len = strcspn (p + 2, "\"");
    if (len == strlen (name) && memcmp (p + 2, name, len) == 0) return num;
    p += len + 3;
  }
  return -1;
}

/* Add what was made in the nodes that have one of the bits KINDS and the name NAME, or any if it is
   -1.  */
static struct sum sum_of_nodes (long long kinds, long long name) {
  const char *node = strstr (json, "\"nodes\":["), *moves = strstr (json, "\"moves\":[");
  struct sum sum = {0, 0};
  REQUIRE (node != NULL && moves != NULL);
  node += strlen ("\"nodes\":");
  moves += strlen ("\"moves\":");
  for (; *node != ']'; node++, moves++) {
    node += 2; /* "[[" or ",[" */
    (void) next_number (&node), node++;
    int counts = next_number (&node) == name || name == -1;
    node++;
    counts = (next_number (&node) & kinds) != 0 && counts;
    moves++;
    REQUIRE (*node == ']' && *moves == '[');
    while (*++moves != ']') {
      struct sum move;
      (void) next_number (&moves), moves++;
      (void) next_number (&moves), moves++;
      move.blocks = (uint64_t) next_number (&moves), moves++;
      move.bytes = (uint64_t) next_number (&moves);
      if (counts) sum_join (&sum, &move);
      if (*moves == ']') break;
    }
  }
  return sum;
}

static void check_merged (void) {
  struct sum far = sum_of_nodes (HTML_STACKS_FAR, -1);
  const char *p = strstr (json, "\"merged\":");
  REQUIRE (p != NULL);
  p += strlen ("\"merged\":");
  CHECK_INT (next_number (&p) > 0, far.blocks > 0);
  REQUIRE (strncmp (p, ",\"mergedBytes\":", 15) == 0);
  p += 15;
  CHECK_INT (next_number (&p), far.bytes);
  REQUIRE (strncmp (p, ",\"mergedBlocks\":", 16) == 0);
  p += 16;
  CHECK_INT (next_number (&p), far.blocks);
}

static void check_json (void) {
  struct sum all = {0, 0}, temporary = {0, 0}, peak = {0, 0};
  size_t num = add_numbers ("\"moves\":", 4, &all);
  CHECK_INT (add_numbers ("\"temporary\":", 3, &temporary), num);
  CHECK_INT (add_numbers ("\"peak\":", 2, &peak), num);
  CHECK_INT (all.blocks, picture.totals.made.blocks);
  CHECK_INT (all.bytes, picture.totals.made.bytes);
  CHECK_INT (temporary.blocks, picture.totals.temporary.blocks);
  CHECK_INT (temporary.bytes, picture.totals.temporary.bytes);
  CHECK_INT (peak.blocks, picture.totals.peak.blocks);
  CHECK_INT (peak.bytes, picture.totals.peak.bytes);
  CHECK (strstr (json, "\"nodes\":[[-1,") != NULL);
  check_merged ();
}

/* It would take minutes for a trace that is large.  */
static void skip_under_valgrind (void) {
  if (tap_scaled (100) < 10) tap_skip ("a large trace");
}

static void the_json_fits_and_has_all_sums (void) {
  skip_under_valgrind ();
  static const struct shape shape = {30000, 5000, 20, 45, 5};
  make_random_trace (&shape);
  read_picture ();
  for (size_t most = 1000000; most >= 10000; most = most / 3 * 2) {
    write_json (most);
    check_json ();
    free (json);
  }
  picture_finish (&picture);
}

/* A parser: recursion through functions 0 to 4, at the end of which one of ALLOCATORS other functions
   allocates, each from two places.  The bytes of each are added to MADE.  */
static void make_recursion (unsigned allocators, uint64_t *made_bytes) {
  uint64_t block = 0, pc = 0;
  char name[8];
  begin_bytes ();
  for (unsigned i = 0; i < 5 + 2 * allocators; i++) {
    snprintf (name, sizeof (name), i < 5 ? "p%u" : "a%u", i < 5 ? i : (i - 5) / 2);
    record (MIR_TRACE_SYMBOL, 1, difference (&pc, 100 + i), 0, 0, 0);
    text (name, strlen (name));
  }
  for (unsigned i = 0; i < 40000; i++) {
    unsigned depth = 1 + (unsigned) (tap_random () % 16),
             which = (unsigned) (tap_random () % (2 * allocators));
    uint64_t size = 1 + tap_random () % 100;
    byte (MIR_TRACE_STACK);
    number (depth + 1);
    number (difference (&pc, 105 + which));
    for (unsigned j = 0; j < depth; j++) number (difference (&pc, 100 + tap_random () % 5));
    record (MIR_TRACE_MALLOC, 3, 10, size, difference (&block, 0x1000 + i * 128), 0);
    made_bytes[which / 2] += size;
  }
  record (MIR_TRACE_END, 2, 0, 40000, 0, 0);
  REQUIRE (bytes_num < sizeof (bytes));
}

/* If there are few that do, what is kept has room for all of them.  */
static void a_function_has_allocated_what_it_did (void) {
  skip_under_valgrind ();
  for (unsigned allocators = 1; allocators <= 4; allocators += 3) {
    uint64_t made_bytes[4] = {0};
    make_recursion (allocators, made_bytes);
    read_picture ();
    CHECK (VARR_LENGTH (call_stack_t, picture.stacks) > 5 * KEPT_MAX);
    for (size_t most = 1000000; most >= 10000; most /= 3) {
      uint64_t sum = 0;
      write_json (most);
      for (unsigned i = 0; i < allocators; i++) {
        char name[] = {'a', (char) ('0' + i), '\0'};
        long long number_of_name = name_number (name);
        uint64_t its = sum_of_nodes (7, number_of_name).bytes;
        CHECK (number_of_name >= 0);
        if (allocators == 1) CHECK_INT (its, made_bytes[i]);
        CHECK (its <= made_bytes[i]);
        sum += its;
      }
      tap_note ("%u functions, %zu bytes: %.2f%% in others", allocators, most,
                100 - 100 * (double) sum / (double) picture.totals.made.bytes);
      CHECK (sum >= picture.totals.made.bytes - picture.totals.made.bytes / 20);
      check_json ();
      free (json);
    }
    picture_finish (&picture);
  }
}

static void an_empty_trace_has_a_root (void) {
  begin_bytes ();
  record (MIR_TRACE_END, 2, 0, 0, 0, 0);
  read_picture ();
  write_json (10000);
  CHECK_STR (json,
             ",\n\"stacks\":{\"slices\":1,\"slice\":1000,\n\"nodes\":[[-1,1,0]],\n\"merged\":0,"
             "\"mergedBytes\":0,\"mergedBlocks\":0,"
             "\n\"names\":[\"\",\"(no scope)\"],\n\"moves\":[[]],\n\"temporary\":[[]],"
             "\n\"peak\":[[]]}");
  free (json);
  picture_finish (&picture);
}

/*---------------- Hostile traces -----------------------------*/

static char long_name[MIR_TRACE_NAME_MAX];

/* A name of the greatest length, of characters that take much room, different for each N.  */
static void put_long_name (unsigned n) {
  static const char digits[] = "<>&'\"\\";
  for (size_t i = 0; i < sizeof (long_name); i++) long_name[i] = digits[i % 6];
  for (size_t i = 0; i < 10; i++, n /= 6) long_name[i] = digits[n % 6];
  text (long_name, sizeof (long_name));
}

/* Pieces of code, scopes, stacks, threads and numbers, each as many or as large as can hurt.  */
static void make_hostile_trace (unsigned depth) {
  uint64_t block = 0, pc = 0, code = 0;
  put_long_name (0);
  begin_titled ("");
  bytes_num--; /* in place of the title */
  put_long_name (0);
  events = 0;
  for (unsigned i = 0; i < 300; i++, events++)
    record (MIR_TRACE_CODE_MAPPED, 3, 0, difference (&code, 0x100000 + (uint64_t) i * 8192), 4096,
            0);
  for (unsigned i = 0; i < 1200; i++, events++) {
    record (MIR_TRACE_CODE_PUBLISHED, 3, 0,
            difference (&code, 0x100000 + i / 4 * 8192 + i % 4 * 64), 64, 0);
    put_long_name (i);
  }
  for (unsigned i = 0; i < 1500; i++) {
    record (MIR_TRACE_SYMBOL, 1, difference (&pc, i + 10), 0, 0, 0);
    put_long_name (i);
  }
  for (unsigned i = 0; i < depth; i++, events++) {
    record (MIR_TRACE_PUSH, 1, 100000, 0, 0, 0);
    put_long_name (i + 5000);
  }
  for (unsigned i = 0; i < 60000; i++, events++) {
    if (i % 50 == 0) record (MIR_TRACE_THREAD, 1, i, 0, 0, 0);
    byte (MIR_TRACE_STACK);
    number (1 + i % 7);
    for (unsigned j = 0; j < 1 + i % 7; j++)
      number (difference (&pc, 10 + (i * (j + 1) * 2654435761u >> 7) % 1500));
    record (MIR_TRACE_MALLOC, 3, 1000000000, (uint64_t) 1 << i % 45,
            difference (&block, (uint64_t) (i % 5000) << 4), 0);
  }
  record (MIR_TRACE_END, 2, 0, events, 0, 0);
  REQUIRE (bytes_num < sizeof (bytes));
}

static void no_page_is_larger_than_1_mb (void) {
  skip_under_valgrind ();
  for (unsigned depth = 0; depth <= 64; depth += 32) {
    char *page;
    size_t len;
    FILE *out = open_memstream (&page, &len);
    REQUIRE (out != NULL);
    make_hostile_trace (depth);
    read_picture ();
    html_write (out, &picture, NULL, "x/y", NULL);
    REQUIRE (fclose (out) == 0);
    CHECK (len <= HTML_PAGE_MAX);
    CHECK (len > HTML_PAGE_MAX / 3); /* the limit is used */
    tap_note ("%zu bytes", len);
    json = strstr (page, "\"stacks\":{");
    REQUIRE (json != NULL);
    check_json ();
    free (page);
    page = NULL;
    out = open_memstream (&page, &len);
    REQUIRE (out != NULL);
    html_write (out, &picture, &picture, "x/y", "x/old");
    REQUIRE (fclose (out) == 0);
    CHECK (len <= HTML_PAGE_MAX);
    tap_note ("%zu bytes in comparison with itself", len);
    free (page);
    picture_finish (&picture);
  }
}

/* A piece's address belongs to another piece later.  */
static void a_stack_is_that_of_the_code_at_its_time (void) {
  uint64_t pc = 0, block = 0;
  begin_bytes ();
  record (MIR_TRACE_CODE_MAPPED, 3, 0, difference (&pc, 0x1000), 0x1000, 0);
  for (unsigned i = 0; i < 6; i++) {
    record (MIR_TRACE_CODE_PUBLISHED, 3, 0, 0, 64, 0);
    text (i % 2 == 0 ? "even" : "odd", i % 2 == 0 ? 4 : 3);
    record (MIR_TRACE_STACK, 2, 1, i == 0 ? difference (&block, 0x1010) : 0, 0, 0);
    record (MIR_TRACE_MALLOC, 3, 0, 10 + i, 32, 0);
    if (i == 3) record (MIR_TRACE_CODE_FREED, 3, 0, 0, 64, 0);
    if (i == 3) {
      record (MIR_TRACE_STACK, 2, 1, 0, 0, 0);
      record (MIR_TRACE_MALLOC, 3, 0, 1000, 32, 0);
    }
  }
  record (MIR_TRACE_END, 2, 0, 15, 0, 0);
  read_picture ();
  CHECK_INT (picture.totals.events, 15);
  CHECK_INT (VARR_LENGTH (node_t, picture.nodes), 4);
  for (uint32_t i = 1; i < VARR_LENGTH (node_t, picture.nodes); i++) {
    char buffer[TREE_NAME_MAX];
    const struct node *node = picture_node (&picture, i);
    const char *name = tree_node_name (&picture, node, buffer);
    uint64_t size = picture_stack (&picture, node)->made.bytes;
    if (strcmp (name, "even") == 0)
      CHECK_INT (size, 10 + 12 + 14);
    else if (strcmp (name, "odd") == 0)
      CHECK_INT (size, 11 + 13 + 15);
    else
      CHECK_INT (size, 1000);
  }
  picture_finish (&picture);
}

/*---------------- A file that changes -----------------------------*/

/* The trace in `bytes` as a file, in which CHANGES bytes from FROM on are changed when it is read
   from its beginning again.  */
struct changing {
  size_t at, from;
  unsigned changes;
};

static ssize_t read_changing (void *cookie, char *buffer, size_t size) {
  struct changing *file = (struct changing *) cookie;
  if (size > bytes_num - file->at) size = bytes_num - file->at;
  memcpy (buffer, bytes + file->at, size);
  file->at += size;
  return (ssize_t) size;
}

static int seek_changing (void *cookie, off64_t *offset, int whence) {
  struct changing *file = (struct changing *) cookie;
  if (whence != SEEK_SET || *offset != 0) return -1;
  file->at = 0;
  for (; file->changes > 0; file->changes--)
    bytes[file->from + tap_random () % (bytes_num - file->from)] ^= 1 << tap_random () % 8;
  return 0;
}

static int read_changing_picture (size_t from, unsigned changes) {
  static const cookie_io_functions_t functions = {.read = read_changing, .seek = seek_changing};
  struct changing file = {0, from, changes};
  FILE *stream = fopencookie (&file, "rb", functions);
  int result;
  REQUIRE (stream != NULL);
  picture_init (&picture, report_alloc);
  result = picture_read (&picture, stream, 0);
  fclose (stream);
  return result;
}

/* There is an error, or nothing that is counted has changed.  */
static void a_file_that_changes_is_refused (void) {
  static const struct shape shape = {2000, 5000, 4, 44, 0};
  size_t refused = 0, num = tap_scaled (300);
  begin_bytes ();
  record (MIR_TRACE_MALLOC, 3, 0, 100, 2, 0);
  record (MIR_TRACE_END, 2, 0, 1, 0, 0);
  CHECK_INT (read_changing_picture (bytes_num - 5, 0), 0);
  picture_finish (&picture);
  for (size_t n = 0; n < num; n++) {
    make_random_trace (&shape);
    if (read_changing_picture (12, 1 + (unsigned) (tap_random () % 5)) != 0) {
      refused++;
      CHECK (strncmp (picture.reader.error, "byte ", 5) == 0);
    } else {
      check_totals ();
      write_json (1000000);
      check_json ();
      free (json);
    }
    picture_finish (&picture);
  }
  CHECK (refused > num / 2);
}

int main (void) {
  TEST_RUN (the_matrix_answers_every_range);
  TEST_RUN (merging_and_joining_keep_all_sums);
  TEST_RUN (the_json_fits_and_has_all_sums);
  TEST_RUN (a_function_has_allocated_what_it_did);
  TEST_RUN (an_empty_trace_has_a_root);
  TEST_RUN (no_page_is_larger_than_1_mb);
  TEST_RUN (a_stack_is_that_of_the_code_at_its_time);
  TEST_RUN (a_file_that_changes_is_refused);
  return tap_done ();
}
