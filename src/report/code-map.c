#include "report/code-map.h"

#include <string.h>

void code_map_init (struct code_map *map, MIR_alloc_t alloc) {
  memset (map, 0, sizeof (*map));
  map->alloc = alloc;
  VARR_CREATE (range_t, map->ranges, alloc, 16);
}

void code_map_finish (struct code_map *map) {
  if (map->ranges == NULL) return;
  for (size_t i = 0; i < VARR_LENGTH (range_t, map->ranges); i++)
    VARR_DESTROY (piece_t, VARR_ADDR (range_t, map->ranges)[i].pieces);
  VARR_DESTROY (range_t, map->ranges);
}

/*---------------- Searching -----------------------------*/

/* The first range which ends behind ADDRESS.  */
static size_t range_behind (const struct code_map *map, uint64_t address) {
  const range_t *ranges = VARR_ADDR (range_t, map->ranges);
  size_t from = 0, to = VARR_LENGTH (range_t, map->ranges);

  while (from < to) {
    size_t middle = from + (to - from) / 2;

    if (ranges[middle].start + ranges[middle].size > address)
      to = middle;
    else
      from = middle + 1;
  }
  return from;
}

static range_t *range_of (const struct code_map *map, uint64_t address) {
  size_t at = range_behind (map, address);

  if (at == VARR_LENGTH (range_t, map->ranges)) return NULL;
  range_t *range = &VARR_ADDR (range_t, map->ranges)[at];
  return range->start <= address ? range : NULL;
}

static size_t piece_behind (const range_t *range, uint64_t address) {
  const piece_t *pieces = VARR_ADDR (piece_t, range->pieces);
  size_t from = 0, to = VARR_LENGTH (piece_t, range->pieces);

  while (from < to) {
    size_t middle = from + (to - from) / 2;

    if (pieces[middle].start + pieces[middle].size > address)
      to = middle;
    else
      from = middle + 1;
  }
  return from;
}

const piece_t *code_map_find (const struct code_map *map, uint64_t address) {
  const range_t *range = range_of (map, address);
  size_t at;

  if (range == NULL) return NULL;
  at = piece_behind (range, address);
  if (at == VARR_LENGTH (piece_t, range->pieces)) return NULL;
  const piece_t *piece = &VARR_ADDR (piece_t, range->pieces)[at];
  return piece->start <= address ? piece : NULL;
}

/*---------------- Changing -----------------------------*/

static void drop_range (struct code_map *map, size_t at) {
  range_t *ranges = VARR_ADDR (range_t, map->ranges);
  size_t num = VARR_LENGTH (range_t, map->ranges);
  VARR (piece_t) *pieces = ranges[at].pieces;

  map->mapped_bytes -= ranges[at].size;
  for (size_t i = 0; i < VARR_LENGTH (piece_t, pieces); i++) {
    map->pieces--;
    map->piece_bytes -= VARR_ADDR (piece_t, pieces)[i].size;
  }
  VARR_DESTROY (piece_t, pieces);
  memmove (ranges + at, ranges + at + 1, (num - at - 1) * sizeof (*ranges));
  VARR_TRUNC (range_t, map->ranges, num - 1);
}

/* All ranges which overlap with [START, START + SIZE).  */
static int drop_ranges (struct code_map *map, uint64_t start, uint64_t size) {
  size_t at = range_behind (map, start);
  int dropped = 0;

  while (at < VARR_LENGTH (range_t, map->ranges)
         && VARR_GET (range_t, map->ranges, at).start < start + size) {
    drop_range (map, at);
    dropped = 1;
  }
  return dropped;
}

void code_map_add_range (struct code_map *map, uint64_t start, uint64_t size) {
  range_t range = {start, size, NULL};
  size_t at, num;
  range_t *ranges;

  if (size == 0) return;
  drop_ranges (map, start, size);
  at = range_behind (map, start);
  VARR_CREATE (piece_t, range.pieces, map->alloc, 16);
  VARR_PUSH (range_t, map->ranges, range);
  num = VARR_LENGTH (range_t, map->ranges);
  ranges = VARR_ADDR (range_t, map->ranges);
  memmove (ranges + at + 1, ranges + at, (num - at - 1) * sizeof (*ranges));
  ranges[at] = range;
  map->mapped_bytes += size;
}

int code_map_remove_range (struct code_map *map, uint64_t start, uint64_t size) {
  return drop_ranges (map, start, size);
}

static void drop_piece (struct code_map *map, range_t *range, size_t at) {
  piece_t *pieces = VARR_ADDR (piece_t, range->pieces);
  size_t num = VARR_LENGTH (piece_t, range->pieces);

  map->pieces--;
  map->piece_bytes -= pieces[at].size;
  memmove (pieces + at, pieces + at + 1, (num - at - 1) * sizeof (*pieces));
  VARR_TRUNC (piece_t, range->pieces, num - 1);
}

int code_map_add_piece (struct code_map *map, const piece_t *piece) {
  range_t *range = range_of (map, piece->start);
  piece_t *pieces;
  size_t at, num;

  if (range == NULL || piece->size == 0
      || piece->size > range->size - (piece->start - range->start))
    return 0;
  at = piece_behind (range, piece->start);
  while (at < VARR_LENGTH (piece_t, range->pieces)
         && VARR_GET (piece_t, range->pieces, at).start < piece->start + piece->size)
    drop_piece (map, range, at);
  VARR_PUSH (piece_t, range->pieces, *piece);
  num = VARR_LENGTH (piece_t, range->pieces);
  pieces = VARR_ADDR (piece_t, range->pieces);
  memmove (pieces + at + 1, pieces + at, (num - at - 1) * sizeof (*pieces));
  pieces[at] = *piece;
  map->pieces++;
  map->piece_bytes += piece->size;
  return 1;
}

int code_map_remove_piece (struct code_map *map, uint64_t start) {
  range_t *range = range_of (map, start);
  size_t at;

  if (range == NULL) return 0;
  at = piece_behind (range, start);
  if (at == VARR_LENGTH (piece_t, range->pieces)
      || VARR_GET (piece_t, range->pieces, at).start != start)
    return 0;
  drop_piece (map, range, at);
  return 1;
}

void code_map_copy (struct code_map *copy, const struct code_map *map) {
  code_map_init (copy, map->alloc);
  for (size_t i = 0; i < VARR_LENGTH (range_t, map->ranges); i++) {
    const range_t *range = &VARR_ADDR (range_t, map->ranges)[i];

    code_map_add_range (copy, range->start, range->size);
    for (size_t j = 0; j < VARR_LENGTH (piece_t, range->pieces); j++)
      code_map_add_piece (copy, &VARR_ADDR (piece_t, range->pieces)[j]);
  }
}
