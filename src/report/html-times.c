/* Writes the charts over time as tables, for readers who cannot see the charts.  */
#include "report/html-times.h"

#include <inttypes.h> /* PRIu64 */

#include "report/html-text.h"

enum { STEPS_MAX = 32 /* rows of a table; the charts have up to TIMELINE_BINS steps */ };

/* A row of a table: the bins of the timeline from FROM up to, not including, BOUND.  */
struct step {
  size_t from, bound;
};

/* Divide the timeline into steps of equal width; the last one may be shorter.  Returns their
   number.  */
static size_t make_steps (const struct timeline *timeline, struct step steps[STEPS_MAX]) {
  size_t width = (timeline->num + STEPS_MAX - 1) / STEPS_MAX, num = 0;
  for (size_t from = 0; from < timeline->num; from += width) {
    size_t bound = from + width < timeline->num ? from + width : timeline->num;
    steps[num++] = (struct step){from, bound};
  }
  return num;
}

/* Begin the table ID, up to its first column; begin the row of STEP.  */
static void write_head (struct output *output, const char *id) {
  output_print (output,
                "<details><summary>The same as a table, the most in each step</summary>"
                "<table id=%s><thead><tr><th scope=col>from",
                id);
}

static void write_time (struct output *output, const struct timeline *timeline,
                        const struct step *step) {
  char text[HTML_TEXT_MAX];
  output_print (output, "<tr><th scope=row>%s",
                html_time_text (step->from * timeline->width, text));
}

/* The bin of STEP with the most live bytes.  */
static size_t fullest_bin (const struct timeline *timeline, const struct step *step) {
  size_t best = step->from;
  for (size_t bin = step->from + 1; bin < step->bound; bin++)
    if (timeline->most[bin].live > timeline->most[best].live) best = bin;
  return best;
}

void html_write_live_times (struct output *output, const struct picture *picture) {
  const struct timeline *timeline = &picture->timeline;
  const struct layers *layers = &picture->layers;
  struct step steps[STEPS_MAX];
  size_t num = make_steps (timeline, steps);
  write_head (output, "times");
  output_print (output, "<th scope=col class=n>together");
  for (size_t i = 0; i < layers->num; i++) {
    output_print (output, "<th scope=col class=n>");
    html_write_path (output, picture, layers->scopes[i]);
  }
  output_print (output, "<th scope=col class=n>all others<tbody>\n");
  for (size_t i = 0; i < num; i++) {
    size_t bin = fullest_bin (timeline, &steps[i]);
    uint64_t rest = timeline->most[bin].live;
    write_time (output, timeline, &steps[i]);
    html_write_number (output, rest);
    for (size_t layer = 0; layer < layers->num; layer++) {
      uint64_t live = layers->live[bin][layer];
      html_write_number (output, live);
      rest -= live < rest ? live : rest; /* LIVE is more only if the file has changed */
    }
    html_write_number (output, rest);
    output_print (output, "\n");
  }
  output_print (output, "</table></details>\n");
}

void html_write_code_times (struct output *output, const struct picture *picture) {
  const struct timeline *timeline = &picture->timeline;
  struct step steps[STEPS_MAX];
  size_t num = make_steps (timeline, steps);
  write_head (output, "code-times");
  output_print (output,
                "<th scope=col class=n>bytes published, not freed"
                "<th scope=col class=n>bytes mapped for it<tbody>\n");
  for (size_t i = 0; i < num; i++) {
    struct amounts most = {0};
    for (size_t bin = steps[i].from; bin < steps[i].bound; bin++) {
      const struct amounts *now = &timeline->most[bin];
      if (most.code < now->code) most.code = now->code;
      if (most.mapped < now->mapped) most.mapped = now->mapped;
    }
    write_time (output, timeline, &steps[i]);
    html_write_number (output, most.code);
    html_write_number (output, most.mapped);
    output_print (output, "\n");
  }
  output_print (output, "</table></details>\n");
}
