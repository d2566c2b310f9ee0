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
#include "report/output.h"
#include "report/picture.h"
#include "report/stats.h"
#include "report/tree.h"

enum { PIECES_MAX = 4000 /* drawn or listed, of all code ranges together */ };

/*---------------- The top -----------------------------*/

static void write_title (FILE *out, const struct picture *picture, const char *name) {
  fprintf (out,
           "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
           "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
           "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
           "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
           "<meta name=color-scheme content=\"light dark\">\n<title>");
  output_html (out, picture_title (picture, name));
  fprintf (out, " - memory picture</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n",
           page_css);
  fprintf (out, "<h1>");
  output_html (out, picture_title (picture, name));
  fprintf (out, "</h1>\n");
}

/* What the trace is, and what is wrong with it.  */
static void write_facts (FILE *out, const struct picture *picture) {
  const struct totals *t = &picture->totals;
  time_t seconds = (time_t) picture->reader.seconds;
  const struct tm *date = gmtime (&seconds);
  char text[HTML_TEXT_MAX], day[40] = "";
  if (date != NULL) strftime (day, sizeof (day), ", %Y-%m-%d %H:%M UTC", date);
  fprintf (out,
           "<p class=facts>Memory picture of process %" PRIu64 "%s: %" PRIu64
           " events in %s.</p>\n",
           picture->reader.process, day, t->events, html_time_text (t->duration, text));
  if (picture->partial)
    fprintf (out,
             "<p class=warning role=note>The trace is incomplete: it ends at byte %" PRIu64
             ", before the program did.</p>\n",
             picture->reader.offset);
  if (t->strange > 0)
    fprintf (out,
             "<p class=warning role=note>%" PRIu64
             " events end blocks, code or scopes whose beginning is not in the trace; they are "
             "counted as calls, not as bytes.</p>\n",
             t->strange);
}

/* Write one tile.  NUMBER is its name in `numbers` of the JSON.  LARGE is VALUE in short, shown in
   large letters, with BELOW under it; LARGE NULL: VALUE itself is shown.  */
static void write_tile (FILE *out, const char *number, uint64_t value, const char *label,
                        const char *large, const char *below) {
  char exact[HTML_TEXT_MAX];
  snprintf (exact, sizeof (exact), "%" PRIu64, value);
  fprintf (
      out,
      "<div class=tile data-number=%s data-value=\"%s\"><dt>%s<dd class=large>%s<dd>%s</div>\n",
      number, exact, label, large != NULL ? large : exact, below);
}

/* Write the tile of an amount of bytes.  */
static void write_bytes_tile (FILE *out, const char *number, uint64_t bytes, const char *label,
                              const char *below) {
  char large[HTML_TEXT_MAX], exact[160];
  snprintf (exact, sizeof (exact), "%" PRIu64 " bytes%s", bytes, below);
  write_tile (out, number, bytes, label, html_bytes_text (bytes, large), exact);
}

/* Write the tiles with the main numbers.  */
static void write_tiles (FILE *out, const struct picture *picture) {
  const struct totals *t = &picture->totals;
  char below[120], time[HTML_TEXT_MAX];
  fprintf (out, "<dl class=tiles>\n");
  snprintf (below, sizeof (below), " in %" PRIu64 " blocks, after %s", t->peak.blocks,
            html_time_text (t->peak_time, time));
  write_bytes_tile (out, "peak_bytes", t->peak.bytes, "Live at the peak", below);
  snprintf (below, sizeof (below), " in %" PRIu64 " blocks", t->live.blocks);
  write_bytes_tile (out, "live_bytes", t->live.bytes, "Live at the end", below);
  write_bytes_tile (out, "made_bytes", t->made.bytes, "Allocated in all", "");
  snprintf (below, sizeof (below),
            "%" PRIu64 " malloc, %" PRIu64 " calloc, %" PRIu64 " realloc, %" PRIu64 " free",
            t->mallocs, t->callocs, t->reallocs, t->frees);
  write_tile (out, "made_blocks", t->made.blocks, "Blocks made", NULL, below);
  write_tile (out, "failed", t->failed, "Failed calls", NULL, "returned NULL");
  if (t->code_mappings > 0) {
    snprintf (below, sizeof (below), ", %" PRIu64 " code blocks published in all",
              t->code_published);
    write_bytes_tile (out, "code_peak_bytes", t->code_peak_bytes, "Code at its peak", below);
  }
  fprintf (out, "</dl>\n");
}

/*---------------- Code -----------------------------*/

static const char *piece_name (const struct picture *picture, const struct extent *piece) {
  return names_text_or (&picture->names, piece->name, "(no name)");
}

/* The same pieces as write_code_data, as a table.  */
static void write_code_table (FILE *out, const struct picture *picture) {
  const VARR (extent_t) *ranges = picture->code_peak.ranges;
  size_t left = PIECES_MAX;
  fprintf (out,
           "<details><summary>The same as a table</summary><table id=code><thead><tr>"
           "<th scope=col>code block<th scope=col>address<th scope=col class=n>bytes<tbody>\n");
  for (size_t i = 0; i < VARR_LENGTH (extent_t, ranges); i++) {
    const struct extent *range = &VARR_ADDR (extent_t, ranges)[i];
    for (size_t j = 0; j < VARR_LENGTH (extent_t, range->pieces) && left > 0; j++, left--) {
      const struct extent *piece = &VARR_ADDR (extent_t, range->pieces)[j];
      fprintf (out, "<tr><th scope=row>");
      output_html (out, piece_name (picture, piece));
      fprintf (out, "<td><code>0x%" PRIx64 "</code><td class=n>%" PRIu64 "\n", piece->start,
               piece->size);
    }
  }
  fprintf (out, "</table></details>\n");
}

static void write_code (FILE *out, const struct picture *picture) {
  const struct totals *t = &picture->totals;
  char text[HTML_TEXT_MAX];
  if (t->code_mappings == 0) return;
  fprintf (out,
           "<section><h2>Code map</h2>\n<p>At the peak of code, after %s: %" PRIu64
           " code blocks, %" PRIu64 " bytes, in %" PRIu64 " mapped ranges of %" PRIu64 " bytes.",
           html_time_text (t->code_peak_time, text), picture->code_peak.pieces,
           picture->code_peak.piece_bytes,
           (uint64_t) VARR_LENGTH (extent_t, picture->code_peak.ranges),
           picture->code_peak.mapped_bytes);
  fprintf (out,
           " In all %" PRIu64 " code blocks were published and %" PRIu64
           " freed.</p>\n<div id=chart-code></div>\n",
           t->code_published, t->code_freed);
  if (picture->code_peak.pieces > PIECES_MAX)
    fprintf (out, "<p>Only the first %d code blocks are shown.</p>\n", PIECES_MAX);
  write_code_table (out, picture);
  fprintf (out, "</section>\n");
}

/*---------------- Data for the script -----------------------------*/

/* Write NUM numbers that lie STRIDE bytes apart, from FIRST on.  */
static void write_series (FILE *out, const char *name, const void *first, size_t num,
                          size_t stride) {
  fprintf (out, ",\n\"%s\":[", name);
  for (size_t i = 0; i < num; i++) {
    uint64_t number;
    memcpy (&number, (const char *) first + i * stride, sizeof (number));
    fprintf (out, "%s%" PRIu64, i == 0 ? "" : ",", number);
  }
  fprintf (out, "]");
}

/* The names of the scope NODE and of those around it, from the inside outwards.  */
static void write_scopes (FILE *out, const struct picture *picture, uint32_t node) {
  char buffer[TREE_NAME_MAX];
  fprintf (out, "[");
  do {
    const struct node *scope = picture_node (picture, node);
    output_json (out, tree_node_name (picture, scope, buffer));
    node = scope->parent;
    if (node != 0) fprintf (out, ",");
  } while (node != 0);
  fprintf (out, "]");
}

static void write_layers (FILE *out, const struct picture *picture) {
  const struct layers *layers = &picture->layers;
  fprintf (out, ",\n\"layers\":[");
  for (size_t i = 0; i < layers->num; i++) {
    fprintf (out, "%s\n{\"scopes\":", i == 0 ? "" : ",");
    write_scopes (out, picture, layers->scopes[i]);
    write_series (out, "live", &layers->live[0][i], picture->timeline.num,
                  sizeof (layers->live[0]));
    fprintf (out, "}");
  }
  fprintf (out, "]");
}

/* The ranges with the first PIECES_MAX pieces, at the peak of code.  */
static void write_code_data (FILE *out, const struct picture *picture) {
  const VARR (extent_t) *ranges = picture->code_peak.ranges;
  size_t left = PIECES_MAX;
  fprintf (out, ",\n\"ranges\":[");
  for (size_t i = 0; i < VARR_LENGTH (extent_t, ranges); i++) {
    const struct extent *range = &VARR_ADDR (extent_t, ranges)[i];
    fprintf (out, "%s\n{\"start\":\"0x%" PRIx64 "\",\"size\":%" PRIu64 ",\"pieces\":[",
             i == 0 ? "" : ",", range->start, range->size);
    for (size_t j = 0; j < VARR_LENGTH (extent_t, range->pieces) && left > 0; j++, left--) {
      const struct extent *piece = &VARR_ADDR (extent_t, range->pieces)[j];
      fprintf (out, "%s[%" PRIu64 ",%" PRIu64 ",", j == 0 ? "" : ",", piece->start - range->start,
               piece->size);
      output_json (out, piece_name (picture, piece));
      fprintf (out, "]");
    }
    fprintf (out, "]}");
  }
  fprintf (out, "]");
}

static void write_data (FILE *out, const struct picture *picture) {
  const struct amounts *bins = picture->timeline.most;
  size_t num = picture->timeline.num;
  struct stats_number numbers[STATS_NUMBERS];
  stats_get (picture, numbers);
  fprintf (out, "<script type=application/json id=data>\n{\"numbers\":{");
  for (int i = 0; i < STATS_NUMBERS; i++)
    fprintf (out, "%s\"%s\":%" PRIu64, i == 0 ? "" : ",", numbers[i].name, numbers[i].value);
  fprintf (out, "},\n\"width\":%" PRIu64, picture->timeline.width);
  write_series (out, "live", &bins->live, num, sizeof (*bins));
  write_layers (out, picture);
  if (picture->totals.code_mappings > 0) {
    write_series (out, "code", &bins->code, num, sizeof (*bins));
    write_series (out, "mapped", &bins->mapped, num, sizeof (*bins));
  }
  write_series (out, "classes", &picture->classes[0].made, PICTURE_CLASSES,
                sizeof (picture->classes[0]));
  write_code_data (out, picture);
  fprintf (out, "}\n</script>\n<script>\n%s</script>\n", page_js);
}

void html_write (FILE *out, const struct picture *picture, const char *name) {
  write_title (out, picture, name);
  write_facts (out, picture);
  write_tiles (out, picture);
  fprintf (out,
           "<noscript><p class=warning>A script draws the charts, and scripts do not run "
           "here; the tables have the same numbers.</p></noscript>\n"
           "<section><h2>Live bytes over time</h2>\n"
           "<figure class=chart id=chart-live></figure>\n");
  html_write_live_times (out, picture);
  if (picture->totals.code_mappings > 0) {
    fprintf (out, "<h3>Code</h3>\n<figure class=chart id=chart-mapped></figure>\n");
    html_write_code_times (out, picture);
  }
  fprintf (out, "</section>\n");
  html_write_scopes (out, picture);
  html_write_sizes (out, picture);
  html_write_lifetimes (out, picture);
  write_code (out, picture);
  html_write_threads (out, picture);
  fprintf (out, "</main>\n<div id=tip role=status hidden></div>\n");
  write_data (out, picture);
  fprintf (out, "</body>\n</html>\n");
}
