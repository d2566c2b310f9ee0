/* Writes the sections of the page that are tables.  */
#include "report/html-tables.h"

#include <inttypes.h> /* PRIu64 */
#include <stdlib.h>

#include "report/html-text.h"

enum { ROWS_MAX = 100 /* rows of a table; one more row sums up the rest */ };

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

/*---------------- Scopes -----------------------------*/

static void add (struct sum *sum, const struct sum *other) {
  sum->blocks += other->blocks;
  sum->bytes += other->bytes;
}

static void add_row (struct node *sum, const struct node *row) {
  add (&sum->made, &row->made);
  add (&sum->live, &row->live);
  add (&sum->peak, &row->peak);
}

/* A row for each node.  The row of a scope has the sum of all nodes whose scope it is.  */
static VARR (node_t) *make_rows (const struct picture *picture) {
  uint32_t num = (uint32_t) VARR_LENGTH (node_t, picture->nodes);
  VARR (node_t) *rows;
  VARR_CREATE (node_t, rows, picture->alloc, num);
  for (uint32_t i = 0; i < num; i++) VARR_PUSH (node_t, rows, ((struct node) {.scope = i}));
  for (uint32_t i = 0; i < num; i++) {
    const struct node *node = picture_node (picture, i);
    add_row (&VARR_ADDR (node_t, rows)[node->scope], node);
  }
  return rows;
}

/* Orders of rows: the most bytes first, then the older scope.  */
static int by_made (const void *a, const void *b) {
  const struct node *x = (const struct node *) a, *y = (const struct node *) b;
  if (x->made.bytes != y->made.bytes) return x->made.bytes < y->made.bytes ? 1 : -1;
  return x->scope < y->scope ? -1 : x->scope > y->scope;
}

static int by_peak (const void *a, const void *b) {
  const struct node *x = (const struct node *) a, *y = (const struct node *) b;
  if (x->peak.bytes != y->peak.bytes) return x->peak.bytes < y->peak.bytes ? 1 : -1;
  return by_made (a, b);
}

/* The cells of ROW behind its name, in each of the two tables.  */
static void write_peak_cells (FILE *out, const struct picture *picture, const struct node *row) {
  write_bytes_cell (out, row->peak.bytes, picture->totals.peak.bytes);
  html_write_number (out, row->peak.blocks);
  fprintf (out, "\n");
}

static void write_made_cells (FILE *out, const struct picture *picture, const struct node *row) {
  write_bytes_cell (out, row->made.bytes, picture->totals.made.bytes);
  html_write_number (out, row->made.blocks);
  html_write_number (out, row->live.bytes);
  html_write_number (out, row->live.blocks);
  fprintf (out, "\n");
}

/* Write the body and the foot of a table: at most ROWS_MAX of ROWS, in the order of COMPARE, those
   whose AMOUNT is not 0; the sum of the rest in one row; and the sum of all.  */
static void write_rows (FILE *out, const struct picture *picture, VARR (node_t) *rows,
                        int (*compare) (const void *, const void *),
                        uint64_t (*amount) (const struct node *),
                        void (*cells) (FILE *, const struct picture *, const struct node *)) {
  struct node *all = VARR_ADDR (node_t, rows), rest = {0}, sum = {0};
  size_t num = VARR_LENGTH (node_t, rows), i = 0;
  qsort (all, num, sizeof (*all), compare);
  for (; i < num && amount (&all[i]) > 0 && i < ROWS_MAX; i++) {
    fprintf (out, "<tr><th scope=row>");
    html_write_path (out, picture, all[i].scope);
    cells (out, picture, &all[i]);
    add_row (&sum, &all[i]);
  }
  for (; i < num; i++) add_row (&rest, &all[i]);
  if (amount (&rest) > 0) {
    fprintf (out, "<tr><th scope=row><i>all others</i>");
    cells (out, picture, &rest);
  }
  add_row (&sum, &rest);
  fprintf (out, "<tfoot><tr><th scope=row>together");
  cells (out, picture, &sum);
  fprintf (out, "</table>\n");
}

/* What must not be 0 for a row to be shown.  */
static uint64_t peak_amount (const struct node *row) {
  return row->peak.bytes;
}

static uint64_t made_amount (const struct node *row) {
  return row->made.blocks;
}

void html_write_scopes (FILE *out, const struct picture *picture) {
  VARR (node_t) *rows = make_rows (picture);
  html_begin_table (out, "<section><h2>Live at the peak</h2>\n", "peak",
                    "scope|bytes|blocks<tbody>\n");
  write_rows (out, picture, rows, by_peak, peak_amount, write_peak_cells);
  html_begin_table (out, "</section>\n<section><h2>Who allocated</h2>\n", "made",
                    "scope|bytes in all|blocks in all|bytes at the end|blocks at the end<tbody>\n");
  write_rows (out, picture, rows, by_made, made_amount, write_made_cells);
  fputs ("</section>\n", out);
  VARR_DESTROY (node_t, rows);
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
  for (int i = 0; i < PICTURE_LIFETIMES; i++) add (&all, &picture->lifetimes[i]);
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
  for (size_t i = 0; i < num && i < ROWS_MAX; i++) {
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
  if (num > ROWS_MAX)
    fprintf (out, "<p>and %" PRIu64 " more threads</p>\n", (uint64_t) (num - ROWS_MAX));
  fprintf (out, "</section>\n");
}
