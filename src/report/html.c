/* Writes the page, which contains its style and its script and loads nothing.  The script draws the
   charts from the JSON at the end; the tables are there without it.  */
#include "report/html.h"

#include <inttypes.h> /* PRIu64 */
#include <string.h>
#include <time.h>

#include "page-texts.h" /* made of page.css and page.js by the build */
#include "report/html-tables.h"
#include "report/html-text.h"
#include "report/html-times.h"
#include "report/picture.h"
#include "report/stats.h"
#include "report/tree.h"

enum { PIECES_MAX = 4000 /* drawn or listed, of all code ranges together */ };

/*---------------- The top -----------------------------*/

static void write_title (struct output *output, const struct picture *picture, const char *name) {
  output_print (output,
                "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
                "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
                "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
                "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=color-scheme content=\"light dark\">\n<title>");
  output_html (output, picture_title (picture, name));
  output_print (output, " - memory picture</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n",
                page_css);
  output_print (output, "<h1>");
  output_html (output, picture_title (picture, name));
  output_print (output, "</h1>\n");
}

/* What the trace is, and what is wrong with it.  */
static void write_facts (struct output *output, const struct picture *picture) {
  const struct totals *t = &picture->totals;
  time_t seconds = (time_t) picture->reader.seconds;
  const struct tm *date = gmtime (&seconds);
  char text[HTML_TEXT_MAX], day[40] = "";
  if (date != NULL) strftime (day, sizeof (day), ", %Y-%m-%d %H:%M UTC", date);
  output_print (output,
                "<p class=facts>Memory picture of process %" PRIu64 "%s: %" PRIu64
                " events in %s.</p>\n",
                picture->reader.process, day, t->events, html_time_text (t->duration, text));
  if (picture->partial)
    output_print (output,
                  "<p class=warning role=note>The trace is incomplete: it ends at byte %" PRIu64
                  ", before the program did.</p>\n",
                  picture->reader.offset);
  if (t->strange > 0)
    output_print (
        output,
        "<p class=warning role=note>%" PRIu64
        " events end blocks, code or scopes whose beginning is not in the trace; they are "
        "counted as calls, not as bytes.</p>\n",
        t->strange);
}

/* LARGE is the number in short, in large letters; BELOW has the exact one.  */
static void write_tile (struct output *output, const char *number, uint64_t value,
                        const char *label, const char *large, const char *below) {
  output_print (output,
                "<div class=tile data-number=%s data-value=\"%" PRIu64
                "\"><dt>%s<dd class=large>%s<dd>%s</div>\n",
                number, value, label, large, below);
}

/* A tile for an amount of bytes; then one for a count.  */
static void write_bytes_tile (struct output *output, const char *number, uint64_t bytes,
                              const char *label, const char *below) {
  char large[HTML_TEXT_MAX], exact[160];
  snprintf (exact, sizeof (exact), "%" PRIu64 " bytes%s", bytes, below);
  write_tile (output, number, bytes, label, html_bytes_text (bytes, large), exact);
}

static void write_count_tile (struct output *output, const char *number, uint64_t count,
                              const char *label, const char *below) {
  char large[HTML_TEXT_MAX];
  snprintf (large, sizeof (large), "%" PRIu64, count);
  write_tile (output, number, count, label, large, below);
}

/* The main numbers; NUMBER is the name in `numbers` of the JSON.  */
static void write_tiles (struct output *output, const struct picture *picture) {
  const struct totals *t = &picture->totals;
  char below[120], time[HTML_TEXT_MAX];
  output_print (output, "<dl class=tiles>\n");
  snprintf (below, sizeof (below), " in %" PRIu64 " blocks, after %s", t->peak_blocks,
            html_time_text (t->peak_time, time));
  write_bytes_tile (output, "peak_bytes", t->peak_bytes, "Live at the peak", below);
  snprintf (below, sizeof (below), " in %" PRIu64 " blocks", t->live_blocks);
  write_bytes_tile (output, "live_bytes", t->live_bytes, "Live at the end", below);
  write_bytes_tile (output, "made_bytes", t->made_bytes, "Allocated in all", "");
  snprintf (below, sizeof (below),
            "%" PRIu64 " malloc, %" PRIu64 " calloc, %" PRIu64 " realloc, %" PRIu64 " free",
            t->mallocs, t->callocs, t->reallocs, t->frees);
  write_count_tile (output, "made_blocks", t->made_blocks, "Blocks made", below);
  write_count_tile (output, "failed", t->failed, "Failed calls", "returned NULL");
  if (t->code_mappings > 0) {
    snprintf (below, sizeof (below), ", %" PRIu64 " code blocks published in all",
              t->code_published);
    write_bytes_tile (output, "code_peak_bytes", t->code_peak_bytes, "Code at its peak", below);
  }
  output_print (output, "</dl>\n");
}

/*---------------- Code -----------------------------*/

static const char *piece_name (const struct picture *picture, const struct piece *piece) {
  return names_text_or (&picture->names, piece->name, "(no name)");
}

/* The same pieces as write_code_data, as a table.  */
static void write_code_table (struct output *output, const struct picture *picture) {
  const VARR (range_t) *ranges = picture->code_peak.ranges;
  size_t left = PIECES_MAX;
  output_print (
      output,
      "<details><summary>The same as a table</summary><table id=code><thead><tr>"
      "<th scope=col>code block<th scope=col>address<th scope=col class=n>bytes<tbody>\n");
  for (size_t i = 0; i < VARR_LENGTH (range_t, ranges); i++) {
    const struct range *range = &VARR_ADDR (range_t, ranges)[i];
    for (size_t j = 0; j < VARR_LENGTH (piece_t, range->pieces) && left > 0; j++, left--) {
      const struct piece *piece = &VARR_ADDR (piece_t, range->pieces)[j];
      output_print (output, "<tr><th scope=row>");
      output_html (output, piece_name (picture, piece));
      output_print (output, "<td><code>0x%" PRIx64 "</code><td class=n>%" PRIu64 "\n", piece->start,
                    piece->size);
    }
  }
  output_print (output, "</table></details>\n");
}

static void write_code (struct output *output, const struct picture *picture) {
  const struct totals *t = &picture->totals;
  char text[HTML_TEXT_MAX];
  if (t->code_mappings == 0) return;
  output_print (
      output,
      "<section><h2>Code map</h2>\n<p>At the peak of code, after %s: %" PRIu64
      " code blocks, %" PRIu64 " bytes, in %" PRIu64 " mapped ranges of %" PRIu64 " bytes.",
      html_time_text (t->code_peak_time, text), picture->code_peak.pieces,
      picture->code_peak.piece_bytes, (uint64_t) VARR_LENGTH (range_t, picture->code_peak.ranges),
      picture->code_peak.mapped_bytes);
  output_print (output,
                " In all %" PRIu64 " code blocks were published and %" PRIu64
                " freed.</p>\n<div id=chart-code></div>\n",
                t->code_published, t->code_freed);
  if (picture->code_peak.pieces > PIECES_MAX)
    output_print (output, "<p>Only the first %d code blocks are shown.</p>\n", PIECES_MAX);
  write_code_table (output, picture);
  output_print (output, "</section>\n");
}

/*---------------- Data for the script -----------------------------*/

/* Write NUM numbers that lie STRIDE bytes apart, from FIRST on.  */
static void write_series (struct output *output, const char *name, const void *first, size_t num,
                          size_t stride) {
  output_print (output, ",\n\"%s\":[", name);
  for (size_t i = 0; i < num; i++) {
    uint64_t number;
    memcpy (&number, (const char *) first + i * stride, sizeof (number));
    output_print (output, "%s%" PRIu64, i == 0 ? "" : ",", number);
  }
  output_print (output, "]");
}

/* The names of the scope NODE and of those around it, from the inside outwards.  */
static void write_scopes (struct output *output, const struct picture *picture, uint32_t node) {
  char buffer[TREE_NAME_MAX];
  output_print (output, "[");
  do {
    const struct node *scope = picture_node (picture, node);
    output_json (output, tree_node_name (picture, scope, buffer));
    node = scope->parent;
    if (node != 0) output_print (output, ",");
  } while (node != 0);
  output_print (output, "]");
}

static void write_layers (struct output *output, const struct picture *picture) {
  const struct layers *layers = &picture->layers;
  output_print (output, ",\n\"layers\":[");
  for (size_t i = 0; i < layers->num; i++) {
    output_print (output, "%s\n{\"scopes\":", i == 0 ? "" : ",");
    write_scopes (output, picture, layers->scopes[i]);
    write_series (output, "live", &layers->live[0][i], picture->timeline.num,
                  sizeof (layers->live[0]));
    output_print (output, "}");
  }
  output_print (output, "]");
}

/* The ranges with the first PIECES_MAX pieces, at the peak of code.  */
static void write_code_data (struct output *output, const struct picture *picture) {
  const VARR (range_t) *ranges = picture->code_peak.ranges;
  size_t left = PIECES_MAX;
  output_print (output, ",\n\"ranges\":[");
  for (size_t i = 0; i < VARR_LENGTH (range_t, ranges); i++) {
    const struct range *range = &VARR_ADDR (range_t, ranges)[i];
    output_print (output, "%s\n{\"start\":\"0x%" PRIx64 "\",\"size\":%" PRIu64 ",\"pieces\":[",
                  i == 0 ? "" : ",", range->start, range->size);
    for (size_t j = 0; j < VARR_LENGTH (piece_t, range->pieces) && left > 0; j++, left--) {
      const struct piece *piece = &VARR_ADDR (piece_t, range->pieces)[j];
      output_print (output, "%s[%" PRIu64 ",%" PRIu64 ",", j == 0 ? "" : ",",
                    piece->start - range->start, piece->size);
      output_json (output, piece_name (picture, piece));
      output_print (output, "]");
    }
    output_print (output, "]}");
  }
  output_print (output, "]");
}

static void write_data (struct output *output, const struct picture *picture) {
  const struct amounts *bins = picture->timeline.most;
  size_t num = picture->timeline.num;
  struct stats_number numbers[STATS_NUMBERS];
  stats_get (picture, numbers);
  output_print (output, "<script type=application/json id=data>\n{\"numbers\":{");
  for (int i = 0; i < STATS_NUMBERS; i++)
    output_print (output, "%s\"%s\":%" PRIu64, i == 0 ? "" : ",", numbers[i].name,
                  numbers[i].value);
  output_print (output, "},\n\"width\":%" PRIu64, picture->timeline.width);
  write_series (output, "live", &bins->live, num, sizeof (*bins));
  write_layers (output, picture);
  if (picture->totals.code_mappings > 0) {
    write_series (output, "code", &bins->code, num, sizeof (*bins));
    write_series (output, "mapped", &bins->mapped, num, sizeof (*bins));
  }
  write_series (output, "classes", &picture->classes[0].made, PICTURE_CLASSES,
                sizeof (picture->classes[0]));
  write_code_data (output, picture);
  output_print (output, "}\n</script>\n<script>\n%s</script>\n", page_js);
}

void html_write (struct output *output, const struct picture *picture, const char *name) {
  write_title (output, picture, name);
  write_facts (output, picture);
  write_tiles (output, picture);
  output_print (output,
                "<noscript><p class=warning>A script draws the charts, and scripts do not run "
                "here; the tables have the same numbers.</p></noscript>\n"
                "<section><h2>Live bytes over time</h2>\n"
                "<figure class=chart id=chart-live></figure>\n");
  html_write_live_times (output, picture);
  if (picture->totals.code_mappings > 0) {
    output_print (output, "<h3>Code</h3>\n<figure class=chart id=chart-mapped></figure>\n");
    html_write_code_times (output, picture);
  }
  output_print (output, "</section>\n");
  html_write_scopes (output, picture);
  html_write_sizes (output, picture);
  html_write_lifetimes (output, picture);
  write_code (output, picture);
  html_write_threads (output, picture);
  output_print (output, "</main>\n<div id=tip role=status hidden></div>\n");
  write_data (output, picture);
  output_print (output, "</body>\n</html>\n");
}
