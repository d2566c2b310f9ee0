/* Writes the numbers as a table to read and as JSON to compare.  */
#include "report/stats.h"

#include <inttypes.h> /* PRIu64 */
#include <string.h>

#include "report/output.h"
#include "report/picture.h"

void stats_get (const struct picture *picture, struct stats_number numbers[STATS_NUMBERS]) {
  const struct totals *t = &picture->totals;
  /* Each row: name, value.  Names are part of the JSON format.  */
  const struct stats_number all[STATS_NUMBERS] = {
      {"events", t->events},
      {"duration_ns", t->duration},
      {"threads", VARR_LENGTH (thread_t, picture->threads)},
      {"mallocs", t->mallocs},
      {"callocs", t->callocs},
      {"reallocs", t->reallocs},
      {"frees", t->frees},
      {"failed", t->failed},
      {"live_blocks", t->live.blocks},
      {"live_bytes", t->live.bytes},
      {"peak_bytes", t->peak.bytes},
      {"peak_blocks", t->peak.blocks},
      {"peak_ns", t->peak_time},
      {"made_blocks", t->made.blocks},
      {"made_bytes", t->made.bytes},
      {"code_published", t->code_published},
      {"code_published_bytes", t->code_published_bytes},
      {"code_freed", t->code_freed},
      {"code_live", t->code_live},
      {"code_live_bytes", t->code_live_bytes},
      {"code_peak_bytes", t->code_peak_bytes},
      {"code_mappings", t->code_mappings},
      {"code_mapped_bytes", t->code_mapped_bytes},
      {"code_peak_mapped_bytes", t->code_peak_mapped},
      {"strange", t->strange},
  };
  memcpy (numbers, all, sizeof (all));
}

/*---------------- Text -----------------------------*/

/* Write the line of a trace of which only a part is known, if PICTURE is of one.  */
static void write_damage (FILE *out, const struct picture *picture, const char *what) {
  if (picture->partial) fprintf (out, "%-24s %s\n", what, picture->reader.error);
}

void stats_write_text (FILE *out, const struct picture *picture, const char *name) {
  struct stats_number numbers[STATS_NUMBERS];
  stats_get (picture, numbers);
  fprintf (out, "%s\n", picture_title (picture, name));
  write_damage (out, picture, "incomplete");
  for (int i = 0; i < STATS_NUMBERS; i++)
    fprintf (out, "%-24s %20" PRIu64 "\n", numbers[i].name, numbers[i].value);
}

/* The number with its sign, also where it has no place in an int64_t.  */
static void write_difference (FILE *out, uint64_t number, uint64_t old) {
  char text[24];
  snprintf (text, sizeof (text), "%s%" PRIu64,
            number > old   ? "+"
            : number < old ? "-"
                           : "",
            number > old ? number - old : old - number);
  fprintf (out, " %21s\n", text);
}

void stats_compare_text (FILE *out, const struct picture *picture, const char *name,
                         const struct picture *old, const char *old_name) {
  struct stats_number numbers[STATS_NUMBERS], before[STATS_NUMBERS];
  stats_get (picture, numbers);
  stats_get (old, before);
  fprintf (out, "old: %s\n", picture_title (old, old_name));
  fprintf (out, "new: %s\n", picture_title (picture, name));
  write_damage (out, old, "old is incomplete");
  write_damage (out, picture, "new is incomplete");
  fprintf (out, "%-24s %20s %20s %21s\n", "", "old", "new", "difference");
  for (int i = 0; i < STATS_NUMBERS; i++) {
    fprintf (out, "%-24s %20" PRIu64 " %20" PRIu64, numbers[i].name, before[i].value,
             numbers[i].value);
    write_difference (out, numbers[i].value, before[i].value);
  }
}

/*---------------- JSON -----------------------------*/

static void write_classes (FILE *out, const struct picture *picture) {
  const char *comma = "";
  fprintf (out, ",\n  \"classes\": [");
  for (int i = 0; i < PICTURE_CLASSES; i++) {
    const struct size_class *c = &picture->classes[i];
    if (c->made == 0) continue;
    fprintf (out,
             "%s\n    {\"class\": %d, \"made\": %" PRIu64 ", \"made_bytes\": %" PRIu64
             ", \"live\": %" PRIu64 "}",
             comma, i, c->made, c->made_bytes, c->live);
    comma = ",";
  }
  fprintf (out, "]\n");
}

/* Write an object without a line end behind it.  */
static void write_object (FILE *out, const struct picture *picture, const char *name) {
  struct stats_number numbers[STATS_NUMBERS];
  stats_get (picture, numbers);
  fprintf (out, "{\n  \"title\": ");
  output_json (out, picture_title (picture, name));
  fprintf (out, ",\n  \"complete\": %s", picture->partial ? "false" : "true");
  if (picture->partial) {
    fprintf (out, ",\n  \"damage\": ");
    output_json (out, picture->reader.error);
  }
  for (int i = 0; i < STATS_NUMBERS; i++)
    fprintf (out, ",\n  \"%s\": %" PRIu64, numbers[i].name, numbers[i].value);
  write_classes (out, picture);
  fprintf (out, "}");
}

void stats_write_json (FILE *out, const struct picture *picture, const char *name) {
  write_object (out, picture, name);
  fprintf (out, "\n");
}

void stats_compare_json (FILE *out, const struct picture *picture, const char *name,
                         const struct picture *old, const char *old_name) {
  fprintf (out, "{\"old\": ");
  write_object (out, old, old_name);
  fprintf (out, ",\n\"new\": ");
  write_object (out, picture, name);
  fprintf (out, "}\n");
}
