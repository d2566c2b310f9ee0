/* Writes kept nodes and the matrix of slices as JSON of a limited size.  */
#include "report/html-stacks.h"

#include <inttypes.h> /* PRIu64 */
#include <string.h>

#include "report/html-text.h"
#include "report/picture.h"
#include "report/stats.h"

/* What is being written: copies that can be reduced, and the text.  */
struct page {
  const struct picture *picture;
  struct kept kept;
  struct slices slices;
  VARR (char) *text;
};

/*---------------- Text -----------------------------*/

static void put (struct page *page, const char *text) {
  VARR_PUSH_ARR (char, page->text, text, strlen (text));
}

static void put_number (struct page *page, uint64_t number) {
  char digits[24];
  char *end = digits + sizeof (digits), *start = end;
  do *--start = (char) ('0' + number % 10);
  while ((number /= 10) != 0);
  VARR_PUSH_ARR (char, page->text, start, (size_t) (end - start));
}

/* Put BEFORE and NUMBER.  */
static void put_after (struct page *page, const char *before, uint64_t number) {
  put (page, before);
  put_number (page, number);
}

/* As output_json.  */
static void put_string (struct page *page, const char *text) {
  char escape[8];
  put (page, "\"");
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char) *text;
    if (c >= 0x20 && strchr ("<>&'\"\\\x7f", c) == NULL) {
      VARR_PUSH (char, page->text, *text);
    } else {
      snprintf (escape, sizeof (escape), "\\u%04x", c);
      put (page, escape);
    }
  }
  put (page, "\"");
}

/*---------------- Nodes -----------------------------*/

static uint32_t short_name (struct names *names, const struct picture *picture, uint32_t node) {
  char name[HTML_NAME_MAX + 4];
  html_short_name (picture, node, SIZE_MAX, name);
  return names_add (names, name, strlen (name));
}

/* Put NODE but for the bracket before it and its parent.  */
static void put_node (struct page *page, struct names *names, const struct kept_node *node) {
  static const char others[] = "(others)";
  unsigned kind = node->kind >= KEPT_FAR ? HTML_STACKS_FAR : 0;
  uint32_t name;
  if (node->kind == KEPT_OTHERS) {
    name = names_add (names, others, sizeof (others) - 1);
  } else {
    name = short_name (names, page->picture, node->node);
    kind |= picture_node (page->picture, node->node)->kind;
  }
  put_after (page, ",", name);
  put_after (page, ",", kind);
  put (page, "]");
}

/* Put how many stacks are in nodes that lack some of their frames, and what these allocated.  */
static void put_merged (struct page *page) {
  const struct kept_node *nodes = VARR_ADDR (kept_node_t, page->kept.nodes);
  struct sum made = {0, 0};
  uint64_t stacks = 0;
  for (size_t i = 0; i < kept_num (&page->kept); i++) {
    if (nodes[i].kind < KEPT_FAR) continue;
    stacks += nodes[i].stacks;
    sum_join (&made, &nodes[i].sums.made);
  }
  put_after (page, ",\n\"merged\":", stacks);
  put_after (page, ",\"mergedBytes\":", made.bytes);
  put_after (page, ",\"mergedBlocks\":", made.blocks);
}

static void put_nodes (struct page *page) {
  const struct kept_node *nodes = VARR_ADDR (kept_node_t, page->kept.nodes);
  struct names names;
  names_init (&names, page->picture->alloc);
  put (page, ",\n\"nodes\":[");
  for (size_t i = 0; i < kept_num (&page->kept); i++) {
    if (i == 0)
      put (page, "[-1");
    else
      put_after (page, ",[", nodes[i].parent);
    put_node (page, &names, &nodes[i]);
  }
  put (page, "]");
  put_merged (page);
  put (page, ",\n\"names\":[");
  for (uint32_t i = 0; i < VARR_LENGTH (name_t, names.names); i++) {
    if (i > 0) put (page, ",");
    put_string (page, names_text (&names, i));
  }
  put (page, "]");
  names_finish (&names);
}

/*---------------- Numbers -----------------------------*/

static void put_sum (struct page *page, const struct sum *sum) {
  put_number (page, sum->blocks);
  put_after (page, ",", sum->bytes);
}

/* Put what BETWEEN is put before, and MOVE.  */
static void put_move (struct page *page, const char *between, const struct move *move) {
  put_after (page, between, move->born);
  if (move->ended == SLICES_NEVER)
    put_after (page, ",", slices_num (&page->slices));
  else if (move->ended != SLICES_TEMPORARY)
    put_after (page, ",", move->ended);
  put (page, ",");
  put_sum (page, &move->sum);
}

/* Put an array for each node, of its temporary blocks or of all others.  */
static void put_moves (struct page *page, const char *key, int temporary) {
  const struct move *move = VARR_ADDR (move_t, page->slices.moves);
  const struct move *end = move + VARR_LENGTH (move_t, page->slices.moves);
  put (page, key);
  for (size_t node = 0; node < kept_num (&page->kept); node++) {
    const char *between = "";
    put (page, node == 0 ? "[" : ",[");
    for (; move < end && move->node == node; move++) {
      if ((move->ended == SLICES_TEMPORARY) != temporary) continue;
      put_move (page, between, move);
      between = ",";
    }
    put (page, "]");
  }
  put (page, "]");
}

static void put_peak (struct page *page) {
  put (page, ",\n\"peak\":[");
  for (size_t i = 0; i < kept_num (&page->kept); i++) {
    const struct sum *peak = &VARR_ADDR (kept_node_t, page->kept.nodes)[i].sums.peak;
    put (page, i == 0 ? "[" : ",[");
    if (peak->blocks > 0) put_sum (page, peak);
    put (page, "]");
  }
  put (page, "]");
}

/*---------------- The older trace -----------------------------*/

static void put_old (struct page *page, const char *name) {
  const struct timeline *timeline = &page->picture->timeline;
  struct stats_number numbers[STATS_NUMBERS];
  stats_get (page->picture, numbers);
  put (page, ",\n\"title\":");
  put_string (page, picture_title (page->picture, name));
  put (page, ",\n\"numbers\":{");
  for (int i = 0; i < STATS_NUMBERS; i++) {
    put (page, i == 0 ? "\"" : ",\"");
    put (page, numbers[i].name);
    put_after (page, "\":", numbers[i].value);
  }
  put_after (page, "},\n\"width\":", timeline->width);
  put (page, ",\n\"live\":[");
  for (size_t i = 0; i < timeline->num; i++)
    put_after (page, i == 0 ? "" : ",", timeline->most[i].live);
  put (page, "]");
}

/*---------------- All -----------------------------*/

/* OLD: the title that the older trace has if it has none, or NULL: this is not the older trace.  */
static void put_all (struct page *page, const char *key, const char *old) {
  put (page, ",\n\"");
  put (page, key);
  put_after (page, "\":{\"slices\":", slices_num (&page->slices));
  put_after (page, ",\"slice\":", slices_width (&page->slices));
  put_nodes (page);
  put_moves (page, ",\n\"moves\":[", 0);
  put_moves (page, ",\n\"temporary\":[", 1);
  put_peak (page);
  if (old != NULL) put_old (page, old);
  put (page, "}");
}

static void write_fitting (FILE *out, const char *key, const struct picture *picture,
                           const char *old, size_t most) {
  struct page page = {.picture = picture};
  kept_copy (&page.kept, &picture->kept);
  slices_copy (&page.slices, &picture->slices);
  VARR_CREATE (char, page.text, picture->alloc, most);
  do {
    VARR_TRUNC (char, page.text, 0);
    slices_sort (&page.slices);
    put_all (&page, key, old);
  } while (VARR_LENGTH (char, page.text) > most && slices_reduce (&page.slices, &page.kept));
  fwrite (VARR_ADDR (char, page.text), 1, VARR_LENGTH (char, page.text), out);
  VARR_DESTROY (char, page.text);
  slices_finish (&page.slices);
  kept_finish (&page.kept);
}

void html_write_stacks (FILE *out, const struct picture *picture, size_t most) {
  write_fitting (out, "stacks", picture, NULL, most);
}

void html_write_old (FILE *out, const struct picture *old, const char *name, size_t most) {
  write_fitting (out, "old", old, name, most);
}
