/* Writes the sections of the page that are tables.  */
#include "report/html-tables.h"

#include <inttypes.h> /* PRIu64 */
#include <string.h>

#include "report/html-text.h"
#include "report/joined.h"
#include "report/tree.h"

DEF_VARR (uint32_t)

/*---------------- Cells -----------------------------*/

/* NUMBER, with a bar for its share of WHOLE.  */
static void write_bar_cell (FILE *out, uint64_t number, uint64_t whole) {
  double share = whole == 0 ? 0 : 100 * ((double) number / (double) whole);
  fprintf (out, "<td class=\"n bar\" style=\"--share:%.2f%%\">%" PRIu64, share, number);
}

static void write_bytes_cell (FILE *out, uint64_t bytes, uint64_t whole) {
  char text[HTML_TEXT_MAX];
  write_bar_cell (out, bytes, whole);
  fprintf (out, " <small>%s</small>", bytes >= 1024 ? html_bytes_text (bytes, text) : "");
}

/*---------------- Rows -----------------------------*/

/* A table of scopes or of stacks.  */
struct table {
  size_t rows_max; /* at most HTML_ROWS_MAX */
  /* Rows are ordered by its bytes, then by its blocks; those that have neither are left out.  */
  struct sum (*amount) (const struct call_stack *);
  void (*name) (FILE *, const struct picture *, uint32_t node);
  void (*cells) (FILE *, const struct picture *, const struct call_stack *); /* behind the name */
};

/* The first rows of a table, in its order.  */
struct top {
  size_t num;
  const struct call_stack *rows[HTML_ROWS_MAX];
};

static void add_row (struct call_stack *sum, const struct call_stack *row) {
  sum_join (&sum->made, &row->made);
  sum_join (&sum->live, &row->live);
  sum_join (&sum->temporary, &row->temporary);
  sum_join (&sum->peak, &row->peak);
}

/* SUM less PART.  */
static struct call_stack row_without (const struct call_stack *sum, const struct call_stack *part) {
  struct call_stack rest = *sum;
  sum_separate (&rest.made, &part->made);
  sum_separate (&rest.live, &part->live);
  sum_separate (&rest.temporary, &part->temporary);
  sum_separate (&rest.peak, &part->peak);
  return rest;
}

static int is_above (const struct table *table, const struct call_stack *row,
                     const struct call_stack *other) {
  struct sum amount = table->amount (row), other_amount = table->amount (other);
  if (amount.bytes != other_amount.bytes) return amount.bytes > other_amount.bytes;
  return amount.blocks > other_amount.blocks;
}

static int is_empty (const struct table *table, const struct call_stack *row) {
  struct sum amount = table->amount (row);
  return amount.blocks == 0 && amount.bytes == 0;
}

/* Put ROW, which is younger than all in TOP, to its place there.  */
static void sort_in (struct top *top, const struct table *table, const struct call_stack *row) {
  size_t at = top->num;
  if (is_empty (table, row)) return;
  if (at == table->rows_max && !is_above (table, row, top->rows[--at])) return;
  for (; at > 0 && is_above (table, row, top->rows[at - 1]); at--)
    top->rows[at] = top->rows[at - 1];
  top->rows[at] = row;
  top->num += top->num < table->rows_max;
}

static void write_row (FILE *out, const struct picture *picture, const struct table *table,
                       const char *name, const struct call_stack *row) {
  fprintf (out, "<tr><th scope=row>%s", name);
  if (name[0] == '\0') table->name (out, picture, row->node);
  table->cells (out, picture, row);
  fputc ('\n', out);
}

/* Write the body and the foot of a table: the first of the NUM ROWS, the sum of the rest in one
   row, and the sum of all.  */
static void write_rows (FILE *out, const struct picture *picture, const struct table *table,
                        const struct call_stack *rows, size_t num) {
  struct top top = {0};
  struct call_stack shown = {0}, rest = {0}, sum = {0};
  for (size_t i = 0; i < num; i++) {
    sort_in (&top, table, &rows[i]);
    add_row (&sum, &rows[i]);
  }
  for (size_t i = 0; i < top.num; i++) {
    write_row (out, picture, table, "", top.rows[i]);
    add_row (&shown, top.rows[i]);
  }
  rest = row_without (&sum, &shown);
  if (!is_empty (table, &rest)) write_row (out, picture, table, "<i>all others</i>", &rest);
  fputs ("<tfoot>", out);
  write_row (out, picture, table, "together", &sum);
  fputs ("</table>\n", out);
}

/*---------------- Scopes -----------------------------*/

/* A row for each scope, with the sum of all stacks whose scope it is.  */
static VARR (call_stack_t) *make_rows (const struct picture *picture) {
  uint32_t num = (uint32_t) VARR_LENGTH (scope_t, picture->scopes);
  VARR (call_stack_t) *rows;
  VARR_CREATE (call_stack_t, rows, picture->alloc, num);
  for (uint32_t i = 0; i < num; i++)
    VARR_PUSH (call_stack_t, rows, ((struct call_stack) {.node = picture_scope (picture, i)}));
  for (size_t i = 0; i < VARR_LENGTH (call_stack_t, picture->stacks); i++) {
    const struct call_stack *stack = &VARR_ADDR (call_stack_t, picture->stacks)[i];
    add_row (&VARR_ADDR (call_stack_t, rows)[stack->scope], stack);
  }
  return rows;
}

static struct sum peak_amount (const struct call_stack *row) {
  return row->peak;
}

static void write_peak_cells (FILE *out, const struct picture *picture,
                              const struct call_stack *row) {
  write_bytes_cell (out, row->peak.bytes, picture->totals.peak.bytes);
  html_write_number (out, row->peak.blocks);
}

static struct sum made_amount (const struct call_stack *row) {
  return row->made;
}

static void write_made_cells (FILE *out, const struct picture *picture,
                              const struct call_stack *row) {
  write_bytes_cell (out, row->made.bytes, picture->totals.made.bytes);
  html_write_number (out, row->made.blocks);
  html_write_number (out, row->live.bytes);
  html_write_number (out, row->live.blocks);
}

void html_write_scopes (FILE *out, const struct picture *picture) {
  static const struct table peak = {HTML_ROWS_MAX, peak_amount, html_write_path, write_peak_cells};
  static const struct table made = {HTML_ROWS_MAX, made_amount, html_write_path, write_made_cells};
  VARR (call_stack_t) *rows = make_rows (picture);
  const struct call_stack *first = VARR_ADDR (call_stack_t, rows);
  size_t num = VARR_LENGTH (call_stack_t, rows);
  html_begin_table (out, "<section><h2>Live at the peak</h2>\n", "peak",
                    "scope|bytes|blocks<tbody>\n");
  write_rows (out, picture, &peak, first, num);
  html_begin_table (out, "</section>\n<section><h2>Who allocated</h2>\n", "made",
                    "scope|bytes in all|blocks in all|bytes at the end|blocks at the end<tbody>\n");
  write_rows (out, picture, &made, first, num);
  fputs ("</section>\n", out);
  VARR_DESTROY (call_stack_t, rows);
}

/*---------------- Stacks -----------------------------*/

static struct sum left_amount (const struct call_stack *row) {
  return row->live;
}

static void write_left_cells (FILE *out, const struct picture *picture,
                              const struct call_stack *row) {
  write_bytes_cell (out, row->live.bytes, picture->totals.live.bytes);
  html_write_number (out, row->live.blocks);
}

/* Ordered by blocks: each costs time, however small it is.  */
static struct sum temporary_amount (const struct call_stack *row) {
  return (struct sum) {.bytes = row->temporary.blocks, .blocks = row->temporary.bytes};
}

static void write_temporary_cells (FILE *out, const struct picture *picture,
                                   const struct call_stack *row) {
  write_bar_cell (out, row->temporary.blocks, picture->totals.temporary.blocks);
  html_write_number (out, row->made.blocks);
  html_write_number (out, row->temporary.bytes);
}

/* What NODE is in JOINED below PARENT.  A scope in a scope has a node without a name between them:
   html_write_stack writes it in another way than a frame in a scope.  */
static uint32_t join_node (struct joined *joined, uint32_t parent, const struct picture *picture,
                           const struct node *node) {
  char buffer[TREE_NAME_MAX];
  const char *name = tree_node_name (picture, node, buffer);
  if (node->kind == NODE_SCOPE && parent != 0) parent = joined_child (joined, parent, "", 0);
  return joined_child (joined, parent, name, strlen (name));
}

/* Set WHERE to the joined node of each node.  Returns how many of these there are.  */
static size_t join_nodes (const struct picture *picture, VARR (uint32_t) *where) {
  struct joined joined;
  size_t num;
  joined_init (&joined, picture->alloc);
  for (uint32_t i = 0; i < VARR_LENGTH (node_t, picture->nodes); i++) {
    const struct node *node = picture_node (picture, i);
    uint32_t parent = node->parent == 0 ? 0 : VARR_GET (uint32_t, where, node->parent);
    VARR_PUSH (uint32_t, where, join_node (&joined, parent, picture, node));
  }
  num = joined_num (&joined);
  joined_finish (&joined);
  return num;
}

/* A row for each stack, those joined whose frames all have the same names.  */
static VARR (call_stack_t) *join_rows (const struct picture *picture) {
  size_t num = VARR_LENGTH (call_stack_t, picture->stacks), joined_nodes;
  VARR (call_stack_t) *rows;
  VARR (uint32_t) *where, *row_of; /* the joined node of each node; its row + 1, or 0 */
  VARR_CREATE (uint32_t, where, picture->alloc, VARR_LENGTH (node_t, picture->nodes));
  joined_nodes = join_nodes (picture, where);
  VARR_CREATE (uint32_t, row_of, picture->alloc, joined_nodes);
  for (size_t i = 0; i < joined_nodes; i++) VARR_PUSH (uint32_t, row_of, 0);
  VARR_CREATE (call_stack_t, rows, picture->alloc, 64);
  for (size_t i = 1; i < num; i++) {
    const struct call_stack *stack = &VARR_ADDR (call_stack_t, picture->stacks)[i];
    uint32_t *row = &VARR_ADDR (uint32_t, row_of)[VARR_GET (uint32_t, where, stack->node)];
    if (*row == 0) {
      VARR_PUSH (call_stack_t, rows, ((struct call_stack) {.node = stack->node}));
      *row = (uint32_t) VARR_LENGTH (call_stack_t, rows);
    }
    add_row (&VARR_ADDR (call_stack_t, rows)[*row - 1], stack);
  }
  VARR_DESTROY (uint32_t, row_of);
  VARR_DESTROY (uint32_t, where);
  return rows;
}

static void write_left (FILE *out, const struct picture *picture, const struct call_stack *rows,
                        size_t num) {
  static const struct table left = {HTML_STACK_ROWS_MAX, left_amount, html_write_stack,
                                    write_left_cells};
  char text[HTML_TEXT_MAX];
  fprintf (out,
           "<section><h2>Left at the end, by stack</h2>\n"
           "<p>Blocks that were live when the trace ended.</p>\n"
           "<details><summary>%s in %" PRIu64 " blocks</summary>\n",
           html_bytes_text (picture->totals.live.bytes, text), picture->totals.live.blocks);
  html_begin_table (out, "", "left", "stack|bytes|blocks<tbody>\n");
  write_rows (out, picture, &left, rows, num);
  fputs ("</details></section>\n", out);
}

static void write_temporary (FILE *out, const struct picture *picture,
                             const struct call_stack *rows, size_t num) {
  static const struct table temporary = {HTML_STACK_ROWS_MAX, temporary_amount, html_write_stack,
                                         write_temporary_cells};
  fprintf (out,
           "<section><h2>Temporary, by stack</h2>\n"
           "<p>Blocks that their thread freed before it made another one.</p>\n"
           "<details><summary>%" PRIu64 " of %" PRIu64 " blocks</summary>\n",
           picture->totals.temporary.blocks, picture->totals.made.blocks);
  html_begin_table (out, "", "temporary",
                    "stack|temporary blocks|of so many blocks|temporary bytes<tbody>\n");
  write_rows (out, picture, &temporary, rows, num);
  fputs ("</details></section>\n", out);
}

void html_write_stack_tables (FILE *out, const struct picture *picture) {
  VARR (call_stack_t) *rows = join_rows (picture);
  const struct call_stack *first = VARR_ADDR (call_stack_t, rows);
  write_left (out, picture, first, VARR_LENGTH (call_stack_t, rows));
  write_temporary (out, picture, first, VARR_LENGTH (call_stack_t, rows));
  VARR_DESTROY (call_stack_t, rows);
}

/*---------------- Sizes, lifetimes, threads -----------------------------*/

void html_write_sizes (FILE *out, const struct picture *picture) {
  char from[HTML_TEXT_MAX], to[HTML_TEXT_MAX];
  html_begin_table (out,
                    "<section><h2>Sizes</h2>\n<figure class=chart id=chart-sizes></figure>\n"
                    "<details><summary>The same as a table</summary>",
                    "sizes", "size|blocks made|bytes made|blocks live at the end<tbody>\n");
  for (int i = 0; i < PICTURE_CLASSES; i++) {
    const struct size_class *c = &picture->classes[i];
    if (c->made == 0) continue;
    if (i < 2)
      fprintf (out, "<tr><th scope=row>%d B", i);
    else
      fprintf (out, "<tr><th scope=row>%s to less than %s",
               html_bytes_text ((uint64_t) 1 << (i - 1), from),
               i == 64 ? "all" : html_bytes_text ((uint64_t) 1 << i, to));
    write_bar_cell (out, c->made, picture->totals.made.blocks);
    write_bytes_cell (out, c->made_bytes, picture->totals.made.bytes);
    html_write_number (out, c->live);
    fprintf (out, "\n");
  }
  fprintf (out, "</table></details></section>\n");
}

void html_write_lifetimes (FILE *out, const struct picture *picture) {
  static const char *const texts[PICTURE_LIFETIMES + 1] = {
      "less than 1 us", "1 us to 10 us",   "10 us to 100 us", "100 us to 1 ms",
      "1 ms to 10 ms",  "10 ms to 100 ms", "100 ms to 1 s",   "1 s to 10 s",
      "10 s to 100 s",  "100 s and more",  "live at the end"};
  struct sum all = picture->totals.live;
  for (int i = 0; i < PICTURE_LIFETIMES; i++) sum_join (&all, &picture->lifetimes[i]);
  html_begin_table (out,
                    "<section><h2>Lifetimes</h2>\n<p>From the first allocation to the free; a "
                    "realloc ends no lifetime.</p>\n",
                    "lifetimes", "lived|blocks|bytes<tbody>\n");
  for (int i = 0; i <= PICTURE_LIFETIMES; i++) {
    const struct sum *lived =
        i < PICTURE_LIFETIMES ? &picture->lifetimes[i] : &picture->totals.live;
    if (lived->blocks == 0) continue;
    fprintf (out, "<tr><th scope=row>%s", texts[i]);
    write_bar_cell (out, lived->blocks, all.blocks);
    write_bytes_cell (out, lived->bytes, all.bytes);
    fprintf (out, "\n");
  }
  fprintf (out, "</table></section>\n");
}

void html_write_threads (FILE *out, const struct picture *picture) {
  size_t num = VARR_LENGTH (thread_t, picture->threads);
  char first[HTML_TEXT_MAX], last[HTML_TEXT_MAX];
  html_begin_table (out, "<section><h2>Threads</h2>\n", "threads",
                    "thread|bytes made|blocks made|frees|frees of other threads' blocks|first seen|"
                    "last seen<tbody>\n");
  for (size_t i = 0; i < num && i < HTML_ROWS_MAX; i++) {
    const struct thread *thread = &VARR_ADDR (thread_t, picture->threads)[i];
    fprintf (out, "<tr><th scope=row>%" PRIu64, thread->number);
    write_bytes_cell (out, thread->made.bytes, picture->totals.made.bytes);
    html_write_number (out, thread->made.blocks);
    html_write_number (out, thread->frees);
    html_write_number (out, thread->foreign_frees);
    fprintf (out, "<td class=n>%s<td class=n>%s\n", html_time_text (thread->first, first),
             html_time_text (thread->last, last));
  }
  fprintf (out, "</table>\n");
  if (num > HTML_ROWS_MAX)
    fprintf (out, "<p>and %" PRIu64 " more threads</p>\n", (uint64_t) (num - HTML_ROWS_MAX));
  fprintf (out, "</section>\n");
}
