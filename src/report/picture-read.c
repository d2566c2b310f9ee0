/* A trace is read twice: how much was live at most, and then what that was.  */
#include "picture.h"

static void count_end (struct picture *picture) {
  struct totals *totals = &picture->totals;
  struct amounts now = picture->timeline.now;

  timeline_set (&picture->timeline, picture->reader.time, &now);
  totals->duration = picture->reader.time;
  totals->code_live = picture->code.pieces;
  totals->code_live_bytes = picture->code.piece_bytes;
  totals->code_mapped_bytes = picture->code.mapped_bytes;
}

/* Up to the end, or the event LAST.  */
static int count_all (struct picture *picture, FILE *stream, int partial, uint64_t last,
                      void (*after) (struct picture *picture, void *arg), void *arg) {
  struct record record;
  enum reader_result result;

  if (reader_open (&picture->reader, stream) != 0) return -1;
  picture->title = names_add (&picture->names, picture->reader.title, picture->reader.title_len);
  while (picture->reader.events < last) {
    result = reader_next (&picture->reader, &record);
    if (result == READER_ERROR) {
      picture->partial = partial && picture->reader.truncated;
      if (!picture->partial) return -1;
    }
    if (result != READER_RECORD) break;
    if (picture_count (picture, &record) != 0) {
      snprintf (picture->reader.error, sizeof (picture->reader.error),
                "byte %llu: more memory than there are addresses",
                (unsigned long long) picture->reader.offset);
      return -1;
    }
    if (after != NULL) after (picture, arg);
  }
  count_end (picture);
  return 0;
}

/* The second picture's names are the first one's too, by the same numbers; unless the file has
   changed meanwhile.  */
static void check_names (struct picture *picture, struct code_map *map) {
  for (size_t i = 0; i < VARR_LENGTH (range_t, map->ranges); i++) {
    VARR (piece_t) *pieces = VARR_ADDR (range_t, map->ranges)[i].pieces;

    for (size_t j = 0; j < VARR_LENGTH (piece_t, pieces); j++)
      if (VARR_ADDR (piece_t, pieces)[j].name >= VARR_LENGTH (name_t, picture->names.names))
        VARR_ADDR (piece_t, pieces)[j].name = 0;
  }
}

/* PICTURE is the second one of the same trace, ARG the first: node numbers are the same.  */
static void note_peaks (struct picture *picture, void *arg) {
  struct picture *whole = (struct picture *) arg;
  uint64_t event = picture->reader.events;

  if (event == whole->peak_event)
    for (size_t i = 0; i < VARR_LENGTH (node_t, picture->nodes); i++) {
      if (i >= VARR_LENGTH (node_t, whole->nodes)) break; /* the file has changed meanwhile */
      VARR_ADDR (node_t, whole->nodes)
      [i].peak_blocks = VARR_ADDR (node_t, picture->nodes)[i].live_blocks;
      VARR_ADDR (node_t, whole->nodes)
      [i].peak_bytes = VARR_ADDR (node_t, picture->nodes)[i].live_bytes;
    }
  if (event == whole->code_peak_event && whole->code_peak.ranges == NULL) {
    code_map_copy (&whole->code_peak, &picture->code);
    check_names (whole, &whole->code_peak);
  }
}

static int look_back (struct picture *picture, FILE *stream) {
  uint64_t last = picture->peak_event > picture->code_peak_event ? picture->peak_event
                                                                 : picture->code_peak_event;
  struct picture again;
  int result;

  picture_init (&again, picture->alloc);
  result = count_all (&again, stream, 1, last, note_peaks, picture);
  if (result != 0)
    snprintf (picture->reader.error, sizeof (picture->reader.error), "%s", again.reader.error);
  picture_finish (&again);
  if (picture->code_peak.ranges == NULL) code_map_init (&picture->code_peak, picture->alloc);
  return result;
}

int picture_read (struct picture *picture, FILE *stream, int partial) {
  if (count_all (picture, stream, partial, UINT64_MAX, NULL, NULL) != 0) return -1;
  if (fseek (stream, 0, SEEK_SET) != 0) {
    snprintf (picture->reader.error, sizeof (picture->reader.error), "cannot be read twice");
    return -1;
  }
  return look_back (picture, stream);
}
