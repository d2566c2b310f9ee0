/* Writes the charts over time as tables, for readers who cannot see the charts.  */
#include "report/html-times.h"

#include "report/html-text.h"

enum { STEPS_MAX = 32 /* rows of a table; the charts have up to TIMELINE_BINS steps */ };

/* Begin the row for the bins from FROM on, one STEPS_MAX-th of the timeline.  Returns the first bin
   of the next row.  */
static size_t begin_row (FILE *out, const struct timeline *timeline, size_t from) {
  size_t bound = from + (timeline->num + STEPS_MAX - 1) / STEPS_MAX;
  char text[HTML_TEXT_MAX];
  fprintf (out, "<tr><th scope=row>%s", html_time_text (from * timeline->width, text));
  return bound < timeline->num ? bound : timeline->num;
}

static const char step_summary[] =
    "<details><summary>The same as a table, the most in each step</summary>";

/* The bin in [FROM, BOUND) with the most live bytes.  */
static size_t fullest_bin (const struct timeline *timeline, size_t from, size_t bound) {
  size_t best = from;
  for (size_t bin = from + 1; bin < bound; bin++)
    if (timeline->most[bin].live > timeline->most[best].live) best = bin;
  return best;
}

void html_write_live_times (FILE *out, const struct picture *picture) {
  const struct timeline *timeline = &picture->timeline;
  const struct layers *layers = &picture->layers;
  html_begin_table (out, step_summary, "times", "from|together");
  for (size_t i = 0; i < layers->num; i++) {
    fputs ("<th scope=col class=n>", out);
    html_write_path (out, picture, layers->scopes[i]);
  }
  fputs ("<th scope=col class=n>all others<tbody>\n", out);
  for (size_t from = 0, bound; from < timeline->num; from = bound) {
    bound = begin_row (out, timeline, from);
    size_t bin = fullest_bin (timeline, from, bound);
    uint64_t rest = timeline->most[bin].live;
    html_write_number (out, rest);
    for (size_t layer = 0; layer < layers->num; layer++) {
      uint64_t live = layers->live[bin][layer];
      html_write_number (out, live);
      rest -= live < rest ? live : rest; /* LIVE is more only if the file has changed */
    }
    html_write_number (out, rest);
    putc ('\n', out);
  }
  fputs ("</table></details>\n", out);
}

void html_write_code_times (FILE *out, const struct picture *picture) {
  const struct timeline *timeline = &picture->timeline;
  html_begin_table (out, step_summary, "code-times",
                    "from|bytes published, not freed|bytes mapped for it<tbody>\n");
  for (size_t from = 0, bound; from < timeline->num; from = bound) {
    struct amounts most = {0};
    bound = begin_row (out, timeline, from);
    for (size_t bin = from; bin < bound; bin++) amounts_raise (&most, &timeline->most[bin]);
    html_write_number (out, most.code);
    html_write_number (out, most.mapped);
    putc ('\n', out);
  }
  fputs ("</table></details>\n", out);
}
