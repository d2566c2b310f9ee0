/* Reads a trace twice: first to learn when the peaks are, then to keep what was live at them.  */
#include "report/picture-read.h"

#include <string.h>

#include "report/blocks.h"
#include "report/tree.h"

/* Set the numbers that are known only at the end of the trace, at TIME.  */
static void count_end (struct picture *picture, uint64_t time) {
  struct totals *totals = &picture->totals;
  struct amounts now = picture->timeline.now;
  tree_keep_peak (picture);
  timeline_set (&picture->timeline, time, &now);
  totals->duration = time;
  totals->code_live = picture->code.pieces;
  totals->code_live_bytes = picture->code.piece_bytes;
  totals->code_mapped_bytes = picture->code.mapped_bytes;
}

/*---------------- The second reading -----------------------------*/

/* The state of the second reading.  */
struct look {
  struct picture *picture;
  size_t bins;    /* bins of the timeline that have begun */
  uint64_t bound; /* when the last one of them ends */
  uint64_t best;  /* the most bytes that were live in the last bin */
};

static uint64_t most_of (const struct picture *picture, uint32_t scope) {
  return VARR_ADDR (scope_t, picture->scopes)[scope].most;
}

/* Choose the scopes with the highest peaks, sorted by insertion.  */
static void choose_layers (struct picture *picture) {
  struct layers *layers = &picture->layers;
  for (uint32_t i = 0; i < VARR_LENGTH (scope_t, picture->scopes); i++) {
    uint64_t most = most_of (picture, i);
    size_t at = layers->num;
    while (at > 0 && most_of (picture, layers->scopes[at - 1]) < most) at--;
    if (most == 0 || at == PICTURE_LAYERS) continue;
    if (layers->num < PICTURE_LAYERS) layers->num++;
    for (size_t j = layers->num - 1; j > at; j--) layers->scopes[j] = layers->scopes[j - 1];
    layers->scopes[at] = i;
  }
}

/* Find the layer of each stack.  */
static void find_layers (struct picture *picture) {
  struct layers *layers = &picture->layers;
  size_t num = VARR_LENGTH (call_stack_t, picture->stacks);
  VARR_CREATE (uint8_t, layers->of_stacks, picture->alloc, num);
  for (size_t i = 0; i < num; i++) {
    uint32_t scope = VARR_ADDR (call_stack_t, picture->stacks)[i].scope;
    uint8_t layer = 0;
    while (layer < layers->num && layers->scopes[layer] != scope) layer++;
    VARR_PUSH (uint8_t, layers->of_stacks, layer < layers->num ? layer : PICTURE_LAYERS);
  }
}

/* Note the bytes of the layers in the last bin, of which this is the fullest moment.  */
static void copy_layers (struct look *look) {
  struct layers *layers = &look->picture->layers;
  memcpy (layers->live[look->bins - 1], layers->now, sizeof (layers->live[0]));
  look->best = look->picture->totals.live.bytes;
}

/* Begin all bins below NUM with the bytes that are live now.  */
static void begin_bins (struct look *look, uint64_t num) {
  while (look->bins < num && look->bins < look->picture->timeline.num) {
    look->bins++;
    copy_layers (look);
  }
}

/* Before a record is counted: begin bins up to its time.  */
static void look_ahead_of (struct picture *picture, uint64_t time, struct look *look) {
  if (time < look->bound) return;
  begin_bins (look, time / picture->timeline.width + 1);
  look->bound = look->bins * picture->timeline.width;
}

/* After a record was counted.  */
static void look_behind (struct picture *picture, struct look *look) {
  if (picture->totals.events == picture->code_peak_event && picture->code_peak.ranges == NULL)
    code_map_copy (&picture->code_peak, &picture->code);
  if (picture->totals.live.bytes > look->best) copy_layers (look);
}

/*---------------- Both readings -----------------------------*/

/* Count RECORD, which ends at OFFSET.  0, or -1 with an error.  */
static int count_one (struct picture *picture, const struct record *record, uint64_t offset,
                      struct look *look) {
  if (look != NULL) look_ahead_of (picture, record->time, look);
  if (picture_count (picture, record) != 0) {
    snprintf (picture->reader.error, sizeof (picture->reader.error),
              "byte %llu: no program can have so much memory", (unsigned long long) offset);
    return -1;
  }
  if (look != NULL) look_behind (picture, look);
  return 0;
}

/* Count records, at most EVENTS events; with LOOK, which is NULL in the first reading, look at them
   as well.  Each is read before the one before it is counted, so that what it needs of the picture
   is on its way from memory meanwhile.  *TIME is set to the time of the last one, and not to that of
   a damaged one.  */
static enum reader_result count_records (struct picture *picture, uint64_t events, uint64_t *time,
                                         struct look *look) {
  struct record records[2];
  enum reader_result result = reader_next (&picture->reader, &records[0]), next;
  int i = 0;
  for (; result == READER_RECORD && picture->totals.events < events; i ^= 1, result = next) {
    uint64_t offset = picture->reader.offset;
    next = reader_next (&picture->reader, &records[i ^ 1]);
    if (next == READER_RECORD) picture_expect (picture, &records[i ^ 1]);
    if (count_one (picture, &records[i], offset, look) != 0) return READER_ERROR;
    *time = records[i].time;
  }
  if (result == READER_END) *time = records[i].time;
  return result;
}

/* Read STREAM; if PARTIAL, up to its damage.  0; or -1 with picture->reader.error.  */
static int look_first (struct picture *picture, FILE *stream, int partial) {
  uint64_t time = 0;
  if (reader_open (&picture->reader, stream) != 0) return -1;
  picture->title = names_add (&picture->names, picture->reader.title, picture->reader.title_len);
  picture->partial = count_records (picture, UINT64_MAX, &time, NULL) == READER_ERROR;
  if (picture->partial && !partial) return -1;
  count_end (picture, time);
  return 0;
}

/* Give the layers nodes instead of scopes.  */
static void name_layers (struct picture *picture) {
  struct layers *layers = &picture->layers;
  for (size_t i = 0; i < layers->num; i++)
    layers->scopes[i] = picture_scope (picture, layers->scopes[i]);
}

/* Whether both readings have counted the same; ONE are the totals of the first.  */
static int is_unchanged (const struct totals *one, const struct totals *two) {
  return one->events == two->events && one->strange == two->strange
         && one->made.blocks == two->made.blocks && one->made.bytes == two->made.bytes
         && one->live.blocks == two->live.blocks && one->live.bytes == two->live.bytes
         && one->temporary.blocks == two->temporary.blocks
         && one->temporary.bytes == two->temporary.bytes;
}

static int changed (struct picture *picture) {
  snprintf (picture->reader.error, sizeof (picture->reader.error),
            "byte %llu: the file has changed while it was being read",
            (unsigned long long) picture->reader.offset);
  return -1;
}

/* Read STREAM again, as far as it was read before: it may have grown.  0; or -1 with
   picture->reader.error.  */
static int look_back (struct picture *picture, FILE *stream) {
  struct look look = {.picture = picture};
  struct totals totals = picture->totals;
  char error[sizeof (picture->reader.error)]; /* of the damage, if there is any */
  uint64_t time;
  strcpy (error, picture->reader.error);
  choose_layers (picture);
  find_layers (picture);
  kept_choose (&picture->kept, picture, tree_name);
  slices_init (&picture->slices, picture->alloc, picture->timeline.num, picture->timeline.width);
  picture_begin_second (picture);
  if (reader_open (&picture->reader, stream) != 0) return -1;
  (void) count_records (picture, totals.events, &time, &look);
  if (!is_unchanged (&totals, &picture->totals)) return changed (picture);
  strcpy (picture->reader.error, error);
  picture->totals = totals;
  blocks_count_left (picture);
  slices_sort (&picture->slices);
  begin_bins (&look, UINT64_MAX);
  name_layers (picture);
  if (picture->code_peak.ranges == NULL) code_map_init (&picture->code_peak, picture->alloc);
  picture_settle (picture);
  return 0;
}

int picture_read (struct picture *picture, FILE *stream, int partial) {
  if (look_first (picture, stream, partial) != 0) return -1;
  if (fseek (stream, 0, SEEK_SET) != 0) {
    snprintf (picture->reader.error, sizeof (picture->reader.error),
              "the file cannot be read a second time");
    return -1;
  }
  return look_back (picture, stream);
}
