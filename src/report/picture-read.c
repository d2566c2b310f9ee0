/* Reads a trace twice: first to learn when the peaks are, then to keep what was live at them.  */
#include "report/picture-read.h"

#include "report/tree.h"

/* Set the numbers that are known only at the end of the trace.  */
static void count_end (struct picture *picture) {
  struct totals *totals = &picture->totals;
  struct amounts now = picture->timeline.now;
  timeline_set (&picture->timeline, picture->reader.time, &now);
  totals->duration = picture->reader.time;
  totals->code_live = picture->code.pieces;
  totals->code_live_bytes = picture->code.piece_bytes;
  totals->code_mapped_bytes = picture->code.mapped_bytes;
}

/* Count all records of STREAM.  AFTER, if not NULL, is called behind each.  Returns 0; or -1 with
   an error.  */
static int count_all (struct picture *picture, FILE *stream, int partial,
                      void (*after) (struct picture *picture, void *arg), void *arg) {
  struct record record;
  enum reader_result result;
  if (reader_open (&picture->reader, stream) != 0) return -1;
  picture->title = names_add (&picture->names, picture->reader.title, picture->reader.title_len);
  for (;;) {
    result = reader_next (&picture->reader, &record);
    if (result == READER_ERROR) {
      picture->partial = partial && picture->reader.truncated;
      if (!picture->partial) return -1;
    }
    if (result != READER_RECORD) break;
    if (picture_count (picture, &record) != 0) {
      snprintf (picture->reader.error, sizeof (picture->reader.error),
                "byte %llu: no program can have so much memory",
                (unsigned long long) picture->reader.offset);
      return -1;
    }
    if (after != NULL) after (picture, arg);
  }
  count_end (picture);
  return 0;
}

/* Names have the same numbers in both pictures, unless the file has changed in between: ensure that
   the numbers in MAP, which is from the second picture, exist in PICTURE.  */
static void check_names (struct picture *picture, struct code_map *map) {
  for (size_t i = 0; i < VARR_LENGTH (extent_t, map->ranges); i++) {
    VARR (extent_t) *pieces = VARR_ADDR (extent_t, map->ranges)[i].pieces;
    for (size_t j = 0; j < VARR_LENGTH (extent_t, pieces); j++)
      if (VARR_ADDR (extent_t, pieces)[j].name >= VARR_LENGTH (name_t, picture->names.names))
        VARR_ADDR (extent_t, pieces)[j].name = 0;
  }
}

/*---------------- The second reading -----------------------------*/

/* The state of the second reading.  Nodes have the same numbers as in the first one.  */
struct look {
  struct picture *whole;           /* the picture of the first reading */
  size_t bins;                     /* bins of the timeline that have begun */
  uint64_t best;                   /* the most bytes that were live in the last bin */
  uint64_t total;                  /* bytes live now */
  uint64_t layers[PICTURE_LAYERS]; /* bytes live now of each layer */
};

/* Choose the scopes with the highest peaks, sorted by insertion.  */
static void choose_layers (struct picture *picture) {
  struct layers *layers = &picture->layers;
  for (uint32_t i = 0; i < VARR_LENGTH (node_t, picture->nodes); i++) {
    uint64_t most = picture_node (picture, i)->scope_most;
    size_t at = layers->num;
    while (at > 0 && picture_node (picture, layers->scopes[at - 1])->scope_most < most) at--;
    if (most == 0 || at == PICTURE_LAYERS) continue;
    if (layers->num < PICTURE_LAYERS) layers->num++;
    for (size_t j = layers->num - 1; j > at; j--) layers->scopes[j] = layers->scopes[j - 1];
    layers->scopes[at] = i;
  }
}

/* Note the bytes of the layers in the last bin, of which this is the fullest moment.  */
static void copy_layers (struct look *look) {
  for (size_t i = 0; i < PICTURE_LAYERS; i++)
    look->whole->layers.live[look->bins - 1][i] = look->layers[i];
  look->best = look->total;
}

/* Begin all bins below NUM with the bytes that are live now.  */
static void begin_bins (struct look *look, uint64_t num) {
  while (look->bins < num && look->bins < look->whole->timeline.num) {
    look->bins++;
    copy_layers (look);
  }
}

/* Bring the layers of LOOK up to the record that PICTURE has just counted.  */
static void note_layers (struct look *look, const struct picture *picture) {
  const struct layers *layers = &look->whole->layers;
  begin_bins (look, picture->reader.time / look->whole->timeline.width + 1);
  for (size_t i = 0; i < layers->num; i++)
    if (layers->scopes[i] < VARR_LENGTH (node_t, picture->nodes))
      look->layers[i] = picture_node (picture, layers->scopes[i])->scope_live;
  look->total = picture->totals.live.bytes;
  if (look->total > look->best) copy_layers (look);
}

/* Keep in WHOLE what is live in PICTURE now, node by node.  */
static void note_peak (struct picture *whole, const struct picture *picture) {
  size_t num = VARR_LENGTH (node_t, picture->nodes);
  for (uint32_t i = 0; i < num && i < VARR_LENGTH (node_t, whole->nodes); i++)
    tree_node (whole, i)->peak = picture_node (picture, i)->live;
}

static void look_at_record (struct picture *picture, void *arg) {
  struct look *look = (struct look *) arg;
  struct picture *whole = look->whole;
  uint64_t event = picture->reader.events;
  if (event == whole->peak_event) note_peak (whole, picture);
  if (event == whole->code_peak_event && whole->code_peak.ranges == NULL) {
    code_map_copy (&whole->code_peak, &picture->code);
    check_names (whole, &whole->code_peak);
  }
  note_layers (look, picture);
}

/* Read STREAM again for PICTURE.  0; or -1 with picture->reader.error.  */
static int look_back (struct picture *picture, FILE *stream) {
  struct look look = {.whole = picture};
  struct picture again;
  int result;
  choose_layers (picture);
  picture_init (&again, picture->alloc);
  result = count_all (&again, stream, 1, look_at_record, &look);
  if (result != 0)
    snprintf (picture->reader.error, sizeof (picture->reader.error), "%s", again.reader.error);
  picture_finish (&again);
  begin_bins (&look, UINT64_MAX);
  if (picture->code_peak.ranges == NULL) code_map_init (&picture->code_peak, picture->alloc);
  return result;
}

int picture_read (struct picture *picture, FILE *stream, int partial) {
  if (count_all (picture, stream, partial, NULL, NULL) != 0) return -1;
  if (fseek (stream, 0, SEEK_SET) != 0) {
    snprintf (picture->reader.error, sizeof (picture->reader.error),
              "the file cannot be read a second time");
    return -1;
  }
  return look_back (picture, stream);
}
