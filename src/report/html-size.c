/* Computes how large the parts of the page are at most.  */
#include "report/html-size.h"

#include <string.h>

#include "report/html-tables.h"
#include "report/html-text.h"

enum {
  ROOM_MIN = 100000, /* bytes for stacks; the rest is limited so that there is as much */
  CODE_MAX = 150000, /* bytes for code */
  /* Bytes that a range or a piece has besides its name, in the table and in the JSON.  */
  RANGE_BYTES = 80,
  PIECE_BYTES = 130,
  RANGES_MAX = 500,
  PIECES_MAX = 4000,
  CELLS_BYTES = 300,  /* of a row */
  LAYER_BYTES = 6000, /* of the names of a layer, with its column in the table over time */
  OTHER_BYTES = 90000 /* titles, tiles, the tables that are always small, markup */
};

/* How many bytes TEXT has as JSON and as HTML, at most.  */
static size_t text_size (const char *text) {
  size_t size = 0;
  for (; *text != '\0'; text++)
    size += (unsigned char) *text < 0x20 || strchr ("<>&'\"\\\x7f", *text) != NULL ? 12 : 2;
  return size;
}

static size_t series_size (const void *first, size_t num, size_t stride) {
  size_t size = num;
  for (size_t i = 0; i < num; i++) {
    uint64_t number;
    memcpy (&number, (const char *) first + i * stride, sizeof (number));
    do size++;
    while ((number /= 10) != 0);
  }
  return size;
}

/* Add the pieces of RANGE to SHOWN as long as there is room.  0: there is none.  */
static int add_pieces (struct html_code *shown, const struct picture *picture,
                       const struct extent *range) {
  for (size_t i = 0; i < VARR_LENGTH (extent_t, range->pieces); i++) {
    uint32_t name = VARR_ADDR (extent_t, range->pieces)[i].name;
    size_t bytes = PIECE_BYTES + text_size (names_text (&picture->names, name));
    if (shown->pieces == PIECES_MAX || bytes > CODE_MAX - shown->bytes) return 0;
    shown->pieces++;
    shown->bytes += bytes;
  }
  return 1;
}

struct html_code html_code_shown (const struct picture *picture) {
  const VARR (extent_t) *ranges = picture->code_peak.ranges;
  struct html_code shown = {0};
  shown.ranges =
      VARR_LENGTH (extent_t, ranges) < RANGES_MAX ? VARR_LENGTH (extent_t, ranges) : RANGES_MAX;
  shown.bytes = shown.ranges * RANGE_BYTES;
  for (size_t i = 0; i < shown.ranges; i++)
    if (!add_pieces (&shown, picture, &VARR_ADDR (extent_t, ranges)[i])) break;
  return shown;
}

/* The bytes of two tables with a row for each of NUM things, at most ROWS of them.  */
static size_t tables_size (size_t num, size_t rows, size_t row_bytes) {
  return 2 * ((num < rows ? num : rows) + 2) * (row_bytes + CELLS_BYTES);
}

static size_t all_series_size (const struct picture *picture) {
  const struct amounts *most = picture->timeline.most;
  const struct layers *layers = &picture->layers;
  size_t num = picture->timeline.num, size = series_size (&most->live, num, sizeof (*most));
  if (picture->totals.code_mappings > 0)
    size += series_size (&most->code, num, sizeof (*most))
            + series_size (&most->mapped, num, sizeof (*most));
  for (size_t i = 0; i < layers->num; i++)
    size += LAYER_BYTES + series_size (&layers->live[0][i], num, sizeof (layers->live[0]));
  return size;
}

size_t html_stacks_room (const struct picture *picture, size_t fixed) {
  size_t used = fixed + OTHER_BYTES + all_series_size (picture) + html_code_shown (picture).bytes;
  used += tables_size (VARR_LENGTH (scope_t, picture->scopes), HTML_ROWS_MAX, HTML_PATH_MAX);
  used += tables_size (VARR_LENGTH (call_stack_t, picture->stacks), HTML_STACK_ROWS_MAX,
                       HTML_STACK_MAX);
  used += tables_size (VARR_LENGTH (thread_t, picture->threads), HTML_ROWS_MAX, 0) / 2;
  return used < HTML_PAGE_MAX - ROOM_MIN ? HTML_PAGE_MAX - used : ROOM_MIN;
}
