/* Keeps ranges and pieces of code in sorted arrays: EL_SIZE is the size of an element.  */
#include "report/code-map.h"

#include <string.h>

void code_map_init (struct code_map *map, MIR_alloc_t alloc) {
  memset (map, 0, sizeof (*map));
  map->alloc = alloc;
  VARR_CREATE (extent_t, map->ranges, alloc, 16);
}

void code_map_finish (struct code_map *map) {
  if (map->ranges == NULL) return;
  for (size_t i = 0; i < VARR_LENGTH (extent_t, map->ranges); i++)
    VARR_DESTROY (extent_t, VARR_ADDR (extent_t, map->ranges)[i].pieces);
  VARR_DESTROY (extent_t, map->ranges);
}

/*---------------- Sorted arrays -----------------------------*/

/* The index of the first extent that ends behind ADDRESS; their number if there is none.  */
static size_t first_behind (const VARR (extent_t) *extents, uint64_t address) {
  size_t from = 0, to = VARR_LENGTH (extent_t, extents);
  while (from < to) {
    size_t middle = from + (to - from) / 2;
    const struct extent *extent = &VARR_ADDR (extent_t, extents)[middle];
    if (extent->start + extent->size > address)
      to = middle;
    else
      from = middle + 1;
  }
  return from;
}

static void insert_at (VARR (extent_t) *extents, size_t at, const struct extent *extent) {
  size_t behind = VARR_LENGTH (extent_t, extents) - at;
  VARR_PUSH (extent_t, extents, *extent);
  struct extent *place = VARR_ADDR (extent_t, extents) + at;
  memmove (place + 1, place, behind * sizeof (*place));
  *place = *extent;
}

/* Move the elements behind the index AT one place down.  */
static void remove_at (VARR (extent_t) *extents, size_t at) {
  size_t num = VARR_LENGTH (extent_t, extents);
  struct extent *place = VARR_ADDR (extent_t, extents) + at;
  memmove (place, place + 1, (num - at - 1) * sizeof (*place));
  VARR_TRUNC (extent_t, extents, num - 1);
}

/* The range in which ADDRESS is, or NULL.  */
static struct extent *range_of (const struct code_map *map, uint64_t address) {
  size_t at = first_behind (map->ranges, address);
  struct extent *range = &VARR_ADDR (extent_t, map->ranges)[at];
  return at < VARR_LENGTH (extent_t, map->ranges) && range->start <= address ? range : NULL;
}

const struct extent *code_map_find (const struct code_map *map, uint64_t address) {
  const struct extent *range = range_of (map, address);
  size_t at = range == NULL ? 0 : first_behind (range->pieces, address);
  if (range == NULL || at == VARR_LENGTH (extent_t, range->pieces)) return NULL;
  const struct extent *piece = &VARR_ADDR (extent_t, range->pieces)[at];
  return piece->start <= address ? piece : NULL;
}

/*---------------- Ranges -----------------------------*/

/* Set the bounds of MAP.  */
static void set_bounds (struct code_map *map) {
  map->low = map->high = 0;
  if (VARR_LENGTH (extent_t, map->ranges) == 0) return;
  map->low = VARR_GET (extent_t, map->ranges, 0).start;
  map->high = VARR_LAST (extent_t, map->ranges).start + VARR_LAST (extent_t, map->ranges).size;
}

/* Remove the range with the index AT, and its pieces.  */
static void drop_range (struct code_map *map, size_t at) {
  const struct extent *range = &VARR_ADDR (extent_t, map->ranges)[at];
  VARR (extent_t) *pieces = range->pieces;
  map->mapped_bytes -= range->size;
  map->pieces -= VARR_LENGTH (extent_t, pieces);
  for (size_t i = 0; i < VARR_LENGTH (extent_t, pieces); i++)
    map->piece_bytes -= VARR_ADDR (extent_t, pieces)[i].size;
  VARR_DESTROY (extent_t, pieces);
  remove_at (map->ranges, at);
  set_bounds (map);
}

int code_map_remove_range (struct code_map *map, uint64_t start, uint64_t size) {
  size_t at = first_behind (map->ranges, start);
  int dropped = 0;
  while (at < VARR_LENGTH (extent_t, map->ranges)
         && VARR_GET (extent_t, map->ranges, at).start < start + size) {
    drop_range (map, at);
    dropped = 1;
  }
  return dropped;
}

void code_map_add_range (struct code_map *map, uint64_t start, uint64_t size) {
  struct extent range = {.start = start, .size = size};
  size_t at;
  if (size == 0) return;
  code_map_remove_range (map, start, size);
  at = first_behind (map->ranges, start);
  VARR_CREATE (extent_t, range.pieces, map->alloc, 16);
  insert_at (map->ranges, at, &range);
  set_bounds (map);
  map->mapped_bytes += size;
}

/*---------------- Pieces -----------------------------*/

/* Remove the piece with the index AT from RANGE.  */
static void drop_piece (struct code_map *map, const struct extent *range, size_t at) {
  map->pieces--;
  map->piece_bytes -= VARR_GET (extent_t, range->pieces, at).size;
  remove_at (range->pieces, at);
}

int code_map_add_piece (struct code_map *map, const struct extent *piece) {
  struct extent *range = range_of (map, piece->start);
  size_t at;
  if (range == NULL || piece->size == 0
      || piece->size > range->size - (piece->start - range->start))
    return 0;
  at = first_behind (range->pieces, piece->start);
  while (at < VARR_LENGTH (extent_t, range->pieces)
         && VARR_GET (extent_t, range->pieces, at).start < piece->start + piece->size)
    drop_piece (map, range, at);
  insert_at (range->pieces, at, piece);
  map->pieces++;
  map->piece_bytes += piece->size;
  return 1;
}

int code_map_remove_piece (struct code_map *map, uint64_t start) {
  struct extent *range = range_of (map, start);
  size_t at;
  if (range == NULL) return 0;
  at = first_behind (range->pieces, start);
  if (at == VARR_LENGTH (extent_t, range->pieces)
      || VARR_GET (extent_t, range->pieces, at).start != start)
    return 0;
  drop_piece (map, range, at);
  return 1;
}

void code_map_copy (struct code_map *copy, const struct code_map *map) {
  code_map_init (copy, map->alloc);
  for (size_t i = 0; i < VARR_LENGTH (extent_t, map->ranges); i++) {
    const struct extent *range = &VARR_ADDR (extent_t, map->ranges)[i];
    code_map_add_range (copy, range->start, range->size);
    for (size_t j = 0; j < VARR_LENGTH (extent_t, range->pieces); j++)
      code_map_add_piece (copy, &VARR_ADDR (extent_t, range->pieces)[j]);
  }
}
