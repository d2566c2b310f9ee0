/* Writes the sections of the page that are tables.  */
#include "report/html-tables.h"

#include <inttypes.h> /* PRIu64 */
#include <stdlib.h>

#include "report/html-text.h"

enum { ROWS_MAX = 100 /* rows of a table; one more row sums up the rest */ };

/*---------------- Cells -----------------------------*/

/* NUMBER, with a bar for its share of WHOLE.  */
static void write_bar_cell (struct output *output, uint64_t number, uint64_t whole) {
  double share = whole == 0 ? 0 : 100 * ((double) number / (double) whole);
  output_print (output, "<td class=\"n bar\" style=\"--share:%.2f%%\">%" PRIu64, share, number);
}

static void write_bytes_cell (struct output *output, uint64_t bytes, uint64_t whole) {
  char text[HTML_TEXT_MAX];
  write_bar_cell (output, bytes, whole);
  output_print (output, " <small>%s</small>", bytes >= 1024 ? html_bytes_text (bytes, text) : "");
}

/*---------------- Scopes -----------------------------*/

static void add_row (struct node *sum, const struct node *row) {
  sum->made_blocks += row->made_blocks;
  sum->made_bytes += row->made_bytes;
  sum->live_blocks += row->live_blocks;
  sum->live_bytes += row->live_bytes;
  sum->peak_blocks += row->peak_blocks;
  sum->peak_bytes += row->peak_bytes;
}

/* A row for each node.  The row of a scope has the sum of all nodes whose scope it is.  */
static VARR (node_t) *make_rows (const struct picture *picture) {
  uint32_t num = (uint32_t) VARR_LENGTH (node_t, picture->nodes);
  VARR (node_t) *rows;
  VARR_CREATE (node_t, rows, picture->alloc, num);
  for (uint32_t i = 0; i < num; i++) VARR_PUSH (node_t, rows, ((struct node){.scope = i}));
  for (uint32_t i = 0; i < num; i++) {
    const struct node *node = picture_node (picture, i);
    add_row (&VARR_ADDR (node_t, rows)[node->scope], node);
  }
  return rows;
}

static int by_made (const void *a, const void *b) {
  const struct node *x = (const struct node *) a, *y = (const struct node *) b;
  if (x->made_bytes != y->made_bytes) return x->made_bytes < y->made_bytes ? 1 : -1;
  return x->scope < y->scope ? -1 : x->scope > y->scope;
}

static int by_peak (const void *a, const void *b) {
  const struct node *x = (const struct node *) a, *y = (const struct node *) b;
  if (x->peak_bytes != y->peak_bytes) return x->peak_bytes < y->peak_bytes ? 1 : -1;
  return by_made (a, b);
}

static void write_peak_cells (struct output *output, const struct picture *picture,
                              const struct node *row) {
  write_bytes_cell (output, row->peak_bytes, picture->totals.peak_bytes);
  html_write_number (output, row->peak_blocks);
  output_print (output, "\n");
}

static void write_made_cells (struct output *output, const struct picture *picture,
                              const struct node *row) {
  write_bytes_cell (output, row->made_bytes, picture->totals.made_bytes);
  html_write_number (output, row->made_blocks);
  html_write_number (output, row->live_bytes);
  html_write_number (output, row->live_blocks);
  output_print (output, "\n");
}

/* Write the body and the foot of a table: at most ROWS_MAX of ROWS, in the order of COMPARE, those
   whose AMOUNT is not 0; the sum of the rest in one row; and the sum of all.  */
static void write_rows (struct output *output, const struct picture *picture, VARR (node_t) *rows,
                        int (*compare) (const void *, const void *),
                        uint64_t (*amount) (const struct node *),
                        void (*cells) (struct output *, const struct picture *,
                                       const struct node *)) {
  struct node *all = VARR_ADDR (node_t, rows), rest = {0}, sum = {0};
  size_t num = VARR_LENGTH (node_t, rows), i = 0;
  qsort (all, num, sizeof (*all), compare);
  for (; i < num && amount (&all[i]) > 0 && i < ROWS_MAX; i++) {
    output_print (output, "<tr><th scope=row>");
    html_write_path (output, picture, all[i].scope);
    cells (output, picture, &all[i]);
    add_row (&sum, &all[i]);
  }
  for (; i < num; i++) add_row (&rest, &all[i]);
  if (amount (&rest) > 0) {
    output_print (output, "<tr><th scope=row><i>all others</i>");
    cells (output, picture, &rest);
  }
  add_row (&sum, &rest);
  output_print (output, "<tfoot><tr><th scope=row>together");
  cells (output, picture, &sum);
  output_print (output, "</table>\n");
}

static uint64_t peak_amount (const struct node *row) {
  return row->peak_bytes;
}

static uint64_t made_amount (const struct node *row) {
  return row->made_blocks;
}

void html_write_scopes (struct output *output, const struct picture *picture) {
  VARR (node_t) *rows = make_rows (picture);
  output_print (output,
                "<section><h2>Live at the peak</h2>\n<table id=peak><thead><tr>"
                "<th scope=col>scope<th scope=col class=n>bytes<th scope=col class=n>blocks"
                "<tbody>\n");
  write_rows (output, picture, rows, by_peak, peak_amount, write_peak_cells);
  output_print (output,
                "</section>\n<section><h2>Who allocated</h2>\n"
                "<table id=made><thead><tr><th scope=col>scope"
                "<th scope=col class=n>bytes in all<th scope=col class=n>blocks in all"
                "<th scope=col class=n>bytes at the end<th scope=col class=n>blocks at the end"
                "<tbody>\n");
  write_rows (output, picture, rows, by_made, made_amount, write_made_cells);
  output_print (output, "</section>\n");
  VARR_DESTROY (node_t, rows);
}

/*---------------- Sizes, lifetimes, threads -----------------------------*/

void html_write_sizes (struct output *output, const struct picture *picture) {
  char from[HTML_TEXT_MAX], to[HTML_TEXT_MAX];
  output_print (
      output,
      "<section><h2>Sizes</h2>\n<figure class=chart id=chart-sizes></figure>\n"
      "<details><summary>The same as a table</summary><table id=sizes><thead><tr>"
      "<th scope=col>size<th scope=col class=n>blocks made<th scope=col class=n>bytes made"
      "<th scope=col class=n>blocks live at the end<tbody>\n");
  for (int i = 0; i < PICTURE_CLASSES; i++) {
    const struct size_class *c = &picture->classes[i];
    if (c->made == 0) continue;
    if (i < 2)
      output_print (output, "<tr><th scope=row>%d B", i);
    else
      output_print (output, "<tr><th scope=row>%s to less than %s",
                    html_bytes_text ((uint64_t) 1 << (i - 1), from),
                    i == 64 ? "all" : html_bytes_text ((uint64_t) 1 << i, to));
    write_bar_cell (output, c->made, picture->totals.made_blocks);
    write_bytes_cell (output, c->made_bytes, picture->totals.made_bytes);
    html_write_number (output, c->live);
    output_print (output, "\n");
  }
  output_print (output, "</table></details></section>\n");
}

void html_write_lifetimes (struct output *output, const struct picture *picture) {
  static const char *const texts[PICTURE_LIFETIMES + 1] = {
      "less than 1 us", "1 us to 10 us",   "10 us to 100 us", "100 us to 1 ms",
      "1 ms to 10 ms",  "10 ms to 100 ms", "100 ms to 1 s",   "1 s to 10 s",
      "10 s to 100 s",  "100 s and more",  "live at the end"};
  uint64_t blocks = picture->totals.live_blocks, bytes = picture->totals.live_bytes;
  for (int i = 0; i < PICTURE_LIFETIMES; i++) {
    blocks += picture->lifetimes[i].blocks;
    bytes += picture->lifetimes[i].bytes;
  }
  output_print (output,
                "<section><h2>Lifetimes</h2>\n<p>From the first allocation to the free; a realloc "
                "ends no lifetime.</p>\n<table id=lifetimes><thead><tr><th scope=col>lived"
                "<th scope=col class=n>blocks<th scope=col class=n>bytes<tbody>\n");
  for (int i = 0; i <= PICTURE_LIFETIMES; i++) {
    struct lifetime live = {picture->totals.live_blocks, picture->totals.live_bytes};
    const struct lifetime *lifetime = i < PICTURE_LIFETIMES ? &picture->lifetimes[i] : &live;
    if (lifetime->blocks == 0) continue;
    output_print (output, "<tr><th scope=row>%s", texts[i]);
    write_bar_cell (output, lifetime->blocks, blocks);
    write_bytes_cell (output, lifetime->bytes, bytes);
    output_print (output, "\n");
  }
  output_print (output, "</table></section>\n");
}

void html_write_threads (struct output *output, const struct picture *picture) {
  size_t num = VARR_LENGTH (thread_t, picture->threads);
  char first[HTML_TEXT_MAX], last[HTML_TEXT_MAX];
  output_print (output,
                "<section><h2>Threads</h2>\n<table id=threads><thead><tr><th scope=col>thread"
                "<th scope=col class=n>bytes made<th scope=col class=n>blocks made"
                "<th scope=col class=n>frees<th scope=col class=n>frees of other threads' blocks"
                "<th scope=col class=n>first seen<th scope=col class=n>last seen<tbody>\n");
  for (size_t i = 0; i < num && i < ROWS_MAX; i++) {
    const struct thread *thread = &VARR_ADDR (thread_t, picture->threads)[i];
    output_print (output, "<tr><th scope=row>%" PRIu64, thread->number);
    write_bytes_cell (output, thread->made_bytes, picture->totals.made_bytes);
    html_write_number (output, thread->made_blocks);
    html_write_number (output, thread->frees);
    html_write_number (output, thread->foreign_frees);
    output_print (output, "<td class=n>%s<td class=n>%s\n", html_time_text (thread->first, first),
                  html_time_text (thread->last, last));
  }
  output_print (output, "</table>\n");
  if (num > ROWS_MAX)
    output_print (output, "<p>and %" PRIu64 " more threads</p>\n", (uint64_t) (num - ROWS_MAX));
  output_print (output, "</section>\n");
}
