/* Writes the page, which contains its style and its script and loads nothing.  The script draws the
   charts from the JSON at the end; the tables are there without it.  */
#include "report/html.h"

#include <inttypes.h> /* PRIu64 */
#include <string.h>
#include <time.h>

#include "page-texts.h" /* made of the files in page/ by the build */
#include "report/html-size.h"
#include "report/html-stacks.h"
#include "report/html-tables.h"
#include "report/html-text.h"
#include "report/html-times.h"
#include "report/output.h"
#include "report/picture.h"
#include "report/stats.h"
#include "report/tree.h"

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

/* Say where and how WHICH, from which PICTURE was made, is damaged.  */
static void write_damage (FILE *out, const struct picture *picture, const char *which) {
  if (!picture->partial) return;
  fprintf (out, "<p class=warning role=note>%s is incomplete: ", which);
  output_html (out, picture->reader.error);
  fprintf (out, ". What is before is shown.</p>\n");
}

/* Write which process the trace is of, and how much it has.  */
static void write_run (FILE *out, const struct picture *picture) {
  time_t seconds = (time_t) picture->reader.seconds;
  const struct tm *date = gmtime (&seconds);
  char text[HTML_TEXT_MAX], day[40] = "";
  if (date != NULL) strftime (day, sizeof (day), ", %Y-%m-%d %H:%M UTC", date);
  fprintf (out, "process %" PRIu64 "%s: %" PRIu64 " events in %s.</p>\n", picture->reader.process,
           day, picture->totals.events, html_time_text (picture->totals.duration, text));
}

/* Write the line of one of two traces.  */
static void write_which (FILE *out, const struct picture *picture, const char *which,
                         const char *name) {
  fprintf (out, "<p class=facts id=%s-trace>The %s trace: <b>", which, which);
  output_html (out, picture_title (picture, name));
  fprintf (out, "</b>, ");
  write_run (out, picture);
}

static void write_strange (FILE *out, const struct picture *picture) {
  if (picture->totals.strange == 0) return;
  fprintf (out,
           "<p class=warning role=note>%" PRIu64
           " events end blocks, code or scopes whose beginning is not in the trace; they are "
           "counted as calls, not as bytes.</p>\n",
           picture->totals.strange);
}

/* What the traces are, and what is wrong with them.  */
static void write_facts (FILE *out, const struct picture *picture, const char *name,
                         const struct picture *old, const char *old_name) {
  if (old == NULL) {
    fprintf (out, "<p class=facts>Memory picture of ");
    write_run (out, picture);
  } else {
    write_which (out, picture, "new", name);
    write_which (out, old, "old", old_name);
  }
  write_damage (out, picture, "The trace");
  write_strange (out, picture);
  if (old != NULL) write_damage (out, old, "The older trace");
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
  write_tile (out, "failed", t->failed, "Failed calls", NULL, "calls that returned NULL");
  if (t->code_mappings > 0) {
    snprintf (below, sizeof (below), ", %" PRIu64 " code blocks published in all",
              t->code_published);
    write_bytes_tile (out, "code_peak_bytes", t->code_peak_bytes, "Code at its peak", below);
  }
  fprintf (out, "</dl>\n");
}

/*---------------- The comparison -----------------------------*/

/* Write the text of an amount: a time if IS_TIME, else the number itself.  */
static void write_amount (FILE *out, uint64_t amount, int is_time) {
  char text[HTML_TEXT_MAX];
  if (is_time)
    fprintf (out, "%s", html_time_text (amount, text));
  else
    fprintf (out, "%" PRIu64, amount);
}

/* Write a row if the numbers differ.  */
static void write_compared (FILE *out, const struct stats_number *number,
                            const struct stats_number *old) {
  uint64_t value = number->value, before = old->value;
  size_t len = strlen (number->name);
  int is_time = len > 3 && strcmp (number->name + len - 3, "_ns") == 0;
  if (value == before) return;
  /* The units are in the cells.  */
  fprintf (out, "<tr><th scope=row><code>%.*s</code>", (int) (is_time ? len - 3 : len),
           number->name);
  if (is_time && strcmp (number->name, "peak_ns") == 0) fprintf (out, ", when it was reached");
  fprintf (out, "<td class=n>");
  write_amount (out, value, is_time);
  fprintf (out, "<td class=n>");
  write_amount (out, before, is_time);
  fprintf (out, "<td class=\"n %s\">%c", value > before ? "more-text" : "less-text",
           value > before ? '+' : '-');
  write_amount (out, value > before ? value - before : before - value, is_time);
  putc ('\n', out);
}

/* Write which numbers of PICTURE differ from those of OLD, whose file has OLD_NAME.  */
static void write_comparison (FILE *out, const struct picture *picture, const struct picture *old,
                              const char *old_name) {
  struct stats_number numbers[STATS_NUMBERS], before[STATS_NUMBERS];
  stats_get (picture, numbers);
  stats_get (old, before);
  fprintf (out, "<section><h2>Compared with ");
  output_html (out, picture_title (old, old_name));
  html_begin_table (out, "</h2>\n", "compared", "number|new|old|difference<tbody>\n");
  for (int i = 0; i < STATS_NUMBERS; i++) write_compared (out, &numbers[i], &before[i]);
  fprintf (out,
           "</table>\n<p class=help>All other numbers are the same. Below, stacks are compared; "
           "other sections show the new trace.</p></section>\n");
}

/*---------------- Code -----------------------------*/

static const char *piece_name (const struct picture *picture, const struct extent *piece) {
  return names_text_or (&picture->names, piece->name, "(no name)");
}

/* The same pieces as write_code_data, as a table.  */
static void write_code_table (FILE *out, const struct picture *picture) {
  const VARR (extent_t) *ranges = picture->code_peak.ranges;
  struct html_code shown = html_code_shown (picture);
  fprintf (out,
           "<details><summary>The same as a table</summary><table id=code><thead><tr>"
           "<th scope=col>code block<th scope=col>address<th scope=col class=n>bytes<tbody>\n");
  for (size_t i = 0; i < shown.ranges; i++) {
    const struct extent *range = &VARR_ADDR (extent_t, ranges)[i];
    for (size_t j = 0; j < VARR_LENGTH (extent_t, range->pieces) && shown.pieces > 0;
         j++, shown.pieces--) {
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
  struct html_code shown = html_code_shown (picture);
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
  if (picture->code_peak.pieces > shown.pieces)
    fprintf (out, "<p>Only the first %" PRIu64 " code blocks are shown.</p>\n",
             (uint64_t) shown.pieces);
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

/* The names of the scope NODE and of those around it, from the inside outwards; of many only the
   first.  */
static void write_scopes (FILE *out, const struct picture *picture, uint32_t node) {
  char name[HTML_NAME_MAX + 4];
  size_t bytes = 0;
  fprintf (out, "[");
  do {
    bytes += html_short_name (picture, node, SIZE_MAX, name);
    output_json (out, name);
    node = picture_node (picture, node)->parent;
    if (node != 0 && bytes > HTML_PATH_MAX) {
      fprintf (out, ",\"...\"");
      node = 0;
    }
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
  struct html_code shown = html_code_shown (picture);
  fprintf (out, ",\n\"ranges\":[");
  for (size_t i = 0; i < shown.ranges; i++) {
    const struct extent *range = &VARR_ADDR (extent_t, ranges)[i];
    fprintf (out, "%s\n{\"start\":\"0x%" PRIx64 "\",\"size\":%" PRIu64 ",\"pieces\":[",
             i == 0 ? "" : ",", range->start, range->size);
    for (size_t j = 0; j < VARR_LENGTH (extent_t, range->pieces) && shown.pieces > 0;
         j++, shown.pieces--) {
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

static void write_data (FILE *out, const struct picture *picture, const struct picture *old,
                        const char *old_name) {
  const struct amounts *bins = picture->timeline.most;
  size_t num = picture->timeline.num;
  size_t room = html_stacks_room (
      picture, sizeof (page_css) + sizeof (page_js) + sizeof (page_range) + sizeof (page_stacks));
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
  html_write_stacks (out, picture, old == NULL ? room : room / 2);
  if (old != NULL) html_write_old (out, old, old_name, room / 2);
  fprintf (out, "}\n</script>\n<script>\n%s</script>\n", page_js);
}

void html_write (FILE *out, const struct picture *picture, const struct picture *old,
                 const char *name, const char *old_name) {
  write_title (out, picture, name);
  write_facts (out, picture, name, old, old_name);
  write_tiles (out, picture);
  if (old != NULL) write_comparison (out, picture, old, old_name);
  fprintf (out,
           "<noscript><p class=warning>A script draws the charts, and scripts do not run "
           "here; the tables have the same numbers.</p></noscript>\n"
           "<section><h2>Live bytes over time</h2>\n"
           "<figure class=chart id=chart-live></figure>\n%s",
           page_range);
  html_write_live_times (out, picture);
  if (picture->totals.code_mappings > 0) {
    fprintf (out, "<h3>Code</h3>\n<figure class=chart id=chart-mapped></figure>\n");
    html_write_code_times (out, picture);
  }
  fprintf (out, "</section>\n%s", page_stacks);
  html_write_scopes (out, picture);
  html_write_stack_tables (out, picture);
  html_write_sizes (out, picture);
  html_write_lifetimes (out, picture);
  write_code (out, picture);
  html_write_threads (out, picture);
  fprintf (out, "</main>\n<div id=tip role=status hidden></div>\n");
  write_data (out, picture, old, old_name);
  fprintf (out, "</body>\n</html>\n");
}
